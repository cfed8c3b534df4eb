"""Configuration of trackers from environment variables and TOML files."""
