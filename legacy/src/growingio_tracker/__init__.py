"""Server-side event SDK for GrowingIO: the 1.x line, for Python 2.7 and 3.5 to 3.9."""

import logging

from growingio_tracker.async_buffered_consumer import AsyncBufferedConsumer
from growingio_tracker.buffered_consumer import BufferedConsumer
from growingio_tracker.consumer import Consumer
from growingio_tracker.data_parser import DataParser, JsonParser
from growingio_tracker.debug_consumer import DebugConsumer
from growingio_tracker.default_consumer import DefaultConsumer
from growingio_tracker.exceptions import GrowingError, GrowingIOException, GrowingParamException
from growingio_tracker.message import CustomEventMessage, ItemMessage, UserLoginMessage
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.version import VERSION

__version__ = VERSION

__all__ = [
    "VERSION", "AsyncBufferedConsumer", "BufferedConsumer", "Consumer", "CustomEventMessage",
    "DataParser", "DebugConsumer", "DefaultConsumer", "GrowingError", "GrowingIOException",
    "GrowingParamException", "GrowingTracker", "ItemMessage", "JsonParser", "UserLoginMessage",
    "__version__",
]

# A library leaves it to the program whether its log goes anywhere.
logging.getLogger("growingio_tracker").addHandler(logging.NullHandler())
