"""The one place that names the release."""

from typing import Final

VERSION: Final = "2.0.0"
