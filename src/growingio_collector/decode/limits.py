"""Limits on the cost of one request, each checked before memory is spent."""

from typing import Final

from growingio_wire.errors import DecodeLimits

MAX_BODY_BYTES: Final = 10_000_000
"""A body as it arrives."""

LIMITS: Final = DecodeLimits(decoded_bytes=16_000_000, steps=500_000, fields=500_000)
"""What the wire's readers may make of it.

So many steps are under a second of work; 5,000 events of 300 bytes need a quarter of them.
"""

MAX_EVENTS: Final = 5000
"""Messages in one request."""

MAX_DEPTH: Final = 64
"""Levels of nesting in one JSON message."""

MAX_VALUES: Final = 100_000
"""Commas in one JSON message, about as many as its values."""

MAX_COMMAS: Final = 200_000
"""Commas in a JSON body above which its messages are counted before they are read."""

MAX_REPAIRED_BYTES: Final = 1_000_000
"""A JSON body that is not quite JSON (``NaN``) and is read with the slow, forgiving parser."""

MAX_SHOWN: Final = 20
"""Characters of a declaration that a sentence repeats."""
