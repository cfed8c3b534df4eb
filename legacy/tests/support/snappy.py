"""Stands in for python-snappy, which old interpreters cannot build here: literals only, no copies.

What it makes is one valid raw snappy block, so that a real decoder reads it.
"""

import struct


def compress(data):
    length, header = len(data), bytearray()
    while length >= 0x80:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    header.append(length)
    literal = b"\xfc" + struct.pack("<I", len(data) - 1) + data if data else b""
    return bytes(header) + literal
