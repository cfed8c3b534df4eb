"""What one request may cost. All limits stand here; each is checked before memory is spent."""

from typing import Final

MAX_BODY_BYTES: Final = 10_000_000
"""A body as it arrives."""

MAX_DECODED_BYTES: Final = 16_000_000
"""A body after decompression."""

MAX_STEPS: Final = 500_000
"""Entries that LZ-String's table may get, and sequences of an LZ4 block: under a second of work.

5,000 events of 300 bytes need a quarter of it.
"""

MAX_EVENTS: Final = 5000
"""Messages in one request."""

MAX_DEPTH: Final = 64
"""Levels of nesting in one JSON message."""

MAX_COMMAS: Final = 200_000
"""Commas in a JSON body above which its messages are counted before they are read."""

MAX_FIELDS: Final = 500_000
"""Fields in one protobuf body, those of nested messages included."""

MAX_REPAIRED_BYTES: Final = 1_000_000
"""A JSON body that is not quite JSON (``NaN``) and is read with the slow, forgiving parser."""

MAX_SHOWN: Final = 20
"""Characters of a declaration that a sentence repeats."""
