"""The version of the 1.x line."""

VERSION = "1.1.0"
