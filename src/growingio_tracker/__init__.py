"""Server-side event SDK for GrowingIO."""

import logging
from typing import TYPE_CHECKING

from growingio_tracker.consumers.async_buffered import AsyncBufferedConsumer
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.consumers.buffered import BufferedConsumer
from growingio_tracker.consumers.debug import DebugConsumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.delivery.contract import Problem, QueueLimits, Stats
from growingio_tracker.delivery.receipt import Fate, Receipt
from growingio_tracker.exceptions import (
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    MissingExtraError,
    QueueFullError,
    RejectedError,
    SpoolError,
    TransportError,
)
from growingio_tracker.experiments.experiment import Experiment
from growingio_tracker.experiments.options import ExperimentOptions
from growingio_tracker.formats.base import DataParser
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.message import (
    CustomEventMessage,
    ItemMessage,
    ResourceItem,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.version import VERSION

if TYPE_CHECKING:
    from growingio_tracker.consumers.durable import DurableConsumer

__version__ = VERSION

__all__ = [
    "VERSION",
    "AsyncBufferedConsumer",
    "BufferedConsumer",
    "Consumer",
    "CustomEventMessage",
    "DataParser",
    "DebugConsumer",
    "DefaultConsumer",
    "DurableConsumer",
    "Experiment",
    "ExperimentOptions",
    "Fate",
    "GrowingError",
    "GrowingIOException",
    "GrowingParamException",
    "GrowingTracker",
    "ItemMessage",
    "JsonParser",
    "MissingExtraError",
    "Problem",
    "QueueFullError",
    "QueueLimits",
    "Receipt",
    "RejectedError",
    "ResourceItem",
    "SpoolError",
    "Stats",
    "TransportError",
    "UserLoginMessage",
    "UserMappingMessage",
    "__version__",
]

# A library leaves it to the program whether its log goes anywhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    # Whoever keeps no events on disk is not to wait for the modules that do.
    if name == "DurableConsumer":
        from growingio_tracker.consumers.durable import DurableConsumer  # noqa: PLC0415

        return globals().setdefault(name, DurableConsumer)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
