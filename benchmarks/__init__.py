"""Measures this SDK beside release 1.0.5, in one run on one machine: ``make bench``."""
