"""Decoding of received requests into messages, step by step."""

from growingio_collector.decode.codings import Envelope
from growingio_collector.decode.reading import Decoded, decode_body, decode_request
from growingio_wire.errors import DecodeError

__all__ = ["DecodeError", "Decoded", "Envelope", "decode_body", "decode_request"]
