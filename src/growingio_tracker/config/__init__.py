"""Trackers made of environment variables and TOML files."""
