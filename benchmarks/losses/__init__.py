"""Measures what analytics SDKs lose under the same faults, side by side: ``make losses``."""
