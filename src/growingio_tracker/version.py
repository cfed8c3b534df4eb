"""The import path of 1.0.5."""

from growingio_wire import VERSION

__all__ = ["VERSION"]
