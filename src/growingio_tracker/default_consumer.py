"""The import path of 1.0.5."""

from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.delivery.formats import JsonParser

__all__ = ["Consumer", "DefaultConsumer", "JsonParser"]
