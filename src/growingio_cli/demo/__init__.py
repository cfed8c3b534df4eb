"""Demonstration of every strategy and format with real events and a local collector."""
