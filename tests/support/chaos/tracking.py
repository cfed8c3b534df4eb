"""What a process of a run does with the package."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from chaos.board import Board, Slot
from chaos.records import ITEM_EVERY, POISON, event_id, is_poison
from chaos.server import PROCESS_HEADER
from chaos.settings import REQUEST_TIMEOUT_S, Settings
from growingio_tracker import (
    AsyncBufferedConsumer,
    Consumer,
    GrowingTracker,
    JsonParser,
    QueueFullError,
    QueueLimits,
    SpoolError,
)

_PAUSE_S: Final = 0.001
_CLOSE_S: Final = 15.0
"""Longer than a broker stands still."""
_ATTRIBUTES: Final = {"plan": "pro", "amount": 12.5, "seats": 3, "note": "x" * 60}


class NamedParser(JsonParser):
    """Tells the server which process sends."""

    def __init__(self, process: str) -> None:
        self.process = process

    def get_headers(self) -> dict[str, str]:
        return {**super().get_headers(), PROCESS_HEADER: self.process}


class JumpingClock:
    """The machine's clocks, the wall clock as far off as the board says."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self, board: Board) -> None:
        self._board = board

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._board[Slot.CLOCK_MS]


class Tracking:
    """One process's consumer, and the calls that it gets."""

    def __init__(self, settings: Settings, board: Board) -> None:
        self.settings = settings
        self.board = board
        self.name = settings.name
        self._parser = NamedParser(settings.name)
        self.consumer = _consumer(settings, self._parser, JumpingClock(board))
        self.tracker = GrowingTracker.consumer(self.consumer)

    def become(self, name: str, board: Board) -> None:
        """Go on as a forked child."""
        self.name = self._parser.process = name
        self.board = board

    def hand_over(self, thread: int, is_over: Callable[[], bool]) -> None:
        """Track events up to the board's target, and on when it rises, until it is over."""
        numbers, slot, number = self.board.numbers, Slot.FIRST_THREAD + thread, 0
        while not is_over():
            if number >= numbers[Slot.TARGET]:
                time.sleep(_PAUSE_S)
            elif self._track(thread, number):
                number += 1
                numbers[slot] = number
            else:
                time.sleep(_PAUSE_S)

    def _track(self, thread: int, number: int) -> bool:
        """Return whether the call returned; when it raised, the same event is tracked again."""
        one = event_id(self.name, thread, number)
        name = POISON if is_poison(number, self.settings.poison_every) else "paid"
        try:
            if number % ITEM_EVERY:
                self.tracker.track_custom_event(name, anonymous_id=one, attributes=_ATTRIBUTES)
            else:
                self.tracker.submit_item(name, one, _ATTRIBUTES)
        except (SpoolError, QueueFullError):
            return False
        return True

    def report(self) -> None:
        """Write down what became of the events."""
        path = self.settings.reports / self.name
        path.write_bytes(msgspec.json.encode(self.consumer.stats()))


def _consumer(settings: Settings, parser: JsonParser, clock: JumpingClock) -> Consumer:
    options: dict[str, Any] = {
        "data_parser": parser,
        "flush_after": 0.05,
        "max_size": settings.max_size,
        "request_timeout": REQUEST_TIMEOUT_S,
        "retry_backoff_factor": 0.01,
        "verify_cert": settings.ca_file or True,
        "close_timeout_s": 2,
        "queue": QueueLimits(
            max_events=settings.max_events, overflow=settings.overflow, block_s=0.5
        ),
        "clock": clock,
    }
    if settings.brokers:
        return _kafka_consumer(settings, options)
    if not settings.durable:
        return AsyncBufferedConsumer("p", "d", settings.url, **options)
    from growingio_tracker import DurableConsumer

    return DurableConsumer("p", "d", settings.url, spool=settings.spool, **options)


def _kafka_consumer(settings: Settings, options: dict[str, Any]) -> Consumer:
    from growingio_tracker.kafka import KafkaConsumer

    given = {name: options[name] for name in ("max_event_bytes", "queue") if name in options}
    return KafkaConsumer(
        "p",
        "d",
        settings.url,
        bootstrap_servers=settings.brokers,
        topic=settings.topic,
        close_timeout_s=_CLOSE_S,
        **given,
    )
