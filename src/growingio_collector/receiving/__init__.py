"""Collect paths: requests are read, checked and stored, and get a response or a simulated fault."""
