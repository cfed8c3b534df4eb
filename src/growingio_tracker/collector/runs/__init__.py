"""Comparing one kept run with another: a golden run and today's."""
