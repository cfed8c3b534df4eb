"""Events through Kafka: services put them on a topic, and relays deliver what is there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from growingio_tracker.kafka.consumer import KafkaConsumer

__all__ = ["KafkaConsumer"]


def __getattr__(name: str) -> object:
    # Imported on demand: relays, and what reads the format only, need no strategy.
    if name == "KafkaConsumer":
        from growingio_tracker.kafka.consumer import KafkaConsumer

        return globals().setdefault(name, KafkaConsumer)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
