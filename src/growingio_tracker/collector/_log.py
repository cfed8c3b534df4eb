"""The collector's logger."""

import logging
from typing import Final

logger: Final = logging.getLogger("growingio_tracker.collector")
