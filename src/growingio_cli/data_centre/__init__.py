"""Definitions in the platform's data center, and how they differ from a tracking plan."""
