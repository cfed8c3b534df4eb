"""Losses: events that will not be delivered, and attributes that were left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from msgspec import Struct


class Problem(Struct, frozen=True):
    """A loss or failure, as passed to ``on_error``.

    :param reason: a fixed identifier, as in :class:`Stats`, for example ``queue_full``.
    :param detail: a sentence. It never contains attribute values or ids.
    :param events: how many events were lost; 0 if none.
    """

    reason: str
    detail: str
    events: int = 0


OnError: TypeAlias = Callable[[Problem], object]


class Unsendable(NamedTuple):
    """One attribute that was left out. It holds the path and the type, never the value."""

    path: str
    type_name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.type_name}): {self.reason}"


class UnsendableError(Exception):
    """Carries an :class:`Unsendable` out of a nested value."""

    def __init__(self, path: str, value: object, reason: str) -> None:
        self.unsendable = Unsendable(path, type(value).__name__, reason)


LeftOut: TypeAlias = tuple[Unsendable, ...]
"""Attributes that a check left out; empty if it left out none."""
