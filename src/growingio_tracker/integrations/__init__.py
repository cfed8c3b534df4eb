"""Integrations, one module per framework. None tracks anything unless configured to."""
