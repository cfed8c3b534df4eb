"""Protocol of GrowingIO's v3 collect server: table, codecs and HTTP client.

The version of the release is defined here, and nowhere else.
"""

from typing import Final

VERSION: Final = "2.0.0"
