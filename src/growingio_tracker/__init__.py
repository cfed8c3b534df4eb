"""Server-side event SDK for GrowingIO."""

from typing import TYPE_CHECKING, Final

from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.default import DebugConsumer, DefaultConsumer
from growingio_tracker.delivery import QueueLimits
from growingio_tracker.delivery.formats import DataParser, JsonParser
from growingio_tracker.delivery.ledger import Stats
from growingio_tracker.delivery.receipt import Fate, Receipt
from growingio_tracker.experiments import Experiment, ExperimentOptions
from growingio_tracker.model import ItemMessage, UserMappingMessage
from growingio_tracker.model.events import CustomEventMessage, ResourceItem, UserLoginMessage
from growingio_tracker.model.losses import Problem
from growingio_tracker.tracker import GrowingTracker
from growingio_wire import VERSION
from growingio_wire.errors import (
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    MissingExtraError,
    ProxyError,
    QueueFullError,
    RejectedError,
    SpoolError,
    TransportError,
)

if TYPE_CHECKING:
    from growingio_tracker.consumers.buffered import AsyncBufferedConsumer, BufferedConsumer
    from growingio_tracker.consumers.durable import DurableConsumer
    from growingio_tracker.kafka.consumer import KafkaConsumer

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
    "KafkaConsumer",
    "MissingExtraError",
    "Problem",
    "ProxyError",
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

_ON_DEMAND: Final = {
    "AsyncBufferedConsumer": "growingio_tracker.consumers.buffered",
    "BufferedConsumer": "growingio_tracker.consumers.buffered",
    "DurableConsumer": "growingio_tracker.consumers.durable",
    "KafkaConsumer": "growingio_tracker.kafka.consumer",
}
"""Strategies that are imported when they are named, because a program uses one of them."""


def __getattr__(name: str) -> object:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # importlib would take longer to import than the strategy does.
    module = __import__(_ON_DEMAND[name], fromlist=[name])
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
