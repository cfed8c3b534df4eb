"""Events of a run: how one is named, and what the server remembers of those it stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from chaos.schedule import Fault

POISON: Final = "poison"
"""The event name, and the item key, that the server refuses with 400."""
ITEM_EVERY: Final = 7
"""Of each thread's calls, every so many is an item instead of an event."""


def event_id(process: str, thread: int, number: int) -> str:
    """Return the id of a thread's call, which no other call of the run has."""
    return f"{process}:{thread}:{number}"


def event_ids(process: str, calls: Sequence[int]) -> Iterator[str]:
    """Yield the ids of the events of a process, of which each thread made so many calls."""
    for thread, count in enumerate(calls):
        for number in range(count):
            yield event_id(process, thread, number)


def is_poison(number: int, every: int) -> bool:
    return number % every == every - 1


def wrongly_rejected(ids: Iterable[str], every: int) -> Iterator[str]:
    """Yield those of rejected ids that the server takes."""
    return (one for one in ids if not is_poison(int(one.split(":")[2]), every))


class Stored(Struct):
    """The events of one request that the server stored.

    :param sender: the process that sent it.
    :param hidden_by: the fault for which the sender could not know; ``None`` if it was told.
    :param took_s: from the sending, by the request's own ``stm``, to the end of the answer.
    :param answered_at: when that was, on the monotonic clock.
    :param behind_refusal: whether its sender was refused access shortly before. What stands behind
        such an event is sent again when nothing can be learned about that one.
    :param received_at: when the request was there, on the monotonic clock.
    :param was_read: whether the connection brought another request, so that the answer was read.
    """

    ids: tuple[str, ...]
    sender: str
    hidden_by: Fault | None = None
    took_s: float = 0.0
    answered_at: float = 0.0
    behind_refusal: bool = False
    was_read: bool = False
    received_at: float = 0.0


class _Record(Struct, rename="camel"):
    """What matters of an event, whose id is the visitor, or of an item."""

    event_name: str = ""
    device_id: str = ""
    key: str = ""
    id: str = ""

    @property
    def own_id(self) -> str:
        return self.device_id or self.id


_decoder: Final = msgspec.json.Decoder(list[_Record])


def id_of(record: bytes) -> str:
    """Return the id of one record."""
    return msgspec.json.decode(record, type=_Record).own_id


def ids_in(body: bytes) -> tuple[str, ...] | None:
    """Return the ids in a request's body; ``None`` if one of the events is poison."""
    records = _decoder.decode(body)
    if any(POISON in (one.event_name, one.key) for one in records):
        return None
    return tuple(one.own_id for one in records)
