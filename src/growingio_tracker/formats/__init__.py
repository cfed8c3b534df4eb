"""Formats (public name: parsers) make the body of a request from the records of a batch."""
