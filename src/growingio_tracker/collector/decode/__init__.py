"""Decoding bodies: each step is a file, ``body`` composes them."""

from growingio_tracker.collector.decode.body import Decoded, decode_body
from growingio_tracker.collector.decode.envelope import Envelope
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.decode.request import decode_request

__all__ = ["DecodeError", "Decoded", "Envelope", "Message", "decode_body", "decode_request"]
