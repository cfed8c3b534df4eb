"""Collector in tests: the objects that the pytest fixtures return, and their events."""
