"""Server-side event SDK for GrowingIO: the 1.x line, for Python 2.7 and 3.5 to 3.9."""

import logging
import sys

from growingio_tracker import consumer
from growingio_tracker.consumer import (
    AsyncBufferedConsumer, BufferedConsumer, Consumer, DebugConsumer, DefaultConsumer)
from growingio_tracker.data_parser import DataParser, JsonParser
from growingio_tracker.exceptions import GrowingError, GrowingIOException, GrowingParamException
from growingio_tracker.message import CustomEventMessage, ItemMessage, UserLoginMessage
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.version import VERSION

__version__ = VERSION
__all__ = [
    "VERSION", "AsyncBufferedConsumer", "BufferedConsumer", "Consumer", "CustomEventMessage",
    "DataParser", "DebugConsumer", "DefaultConsumer", "GrowingError", "GrowingIOException",
    "GrowingParamException", "GrowingTracker", "ItemMessage", "JsonParser", "UserLoginMessage",
    "__version__"]

# 1.0.5 has a module for each consumer.
for _name in ("default", "buffered", "async_buffered", "debug"):
    sys.modules["%s.%s_consumer" % (__name__, _name)] = consumer
    globals()[_name + "_consumer"] = consumer

# A library leaves it to the program whether its log goes anywhere.
logging.getLogger("growingio_tracker").addHandler(logging.NullHandler())
