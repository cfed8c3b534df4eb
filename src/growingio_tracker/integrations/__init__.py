"""Frameworks, a module for each. None of them tracks by itself unless asked to."""
