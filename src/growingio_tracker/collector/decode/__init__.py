"""Decoding bodies: each step is a file, ``body`` composes them."""

from growingio_tracker.collector.decode.body import Decoded, Envelope, decode_body
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.message import Message

__all__ = ["DecodeError", "Decoded", "Envelope", "Message", "decode_body"]
