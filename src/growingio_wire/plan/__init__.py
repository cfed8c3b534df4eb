"""Tracking plans: their model, readers for all formats, and checks of values."""
