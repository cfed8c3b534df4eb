"""A/B experiments: a visitor's variant, requested from GrowingIO's experiment server."""
