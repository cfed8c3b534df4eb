"""A/B experiments: which variant a visitor gets, asked of GrowingIO's experiment server."""
