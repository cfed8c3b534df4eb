"""Faults on request: how a client behaves when the server does not."""

import random
from typing import Any, Final, TypedDict

import msgspec

from growingio_tracker.exceptions import GrowingParamException

_MOST_DELAY_MS: Final = 600_000
_WITHOUT_BODY: Final = frozenset({204, 205, 304})
_DROPPED: Final = 0
_OK: Final = 200


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, and how often.

    :param next: so many requests are hit, from 1; None, the default, means without end.
    :param percent: of the requests that match, so many are hit at random; 100 by default.
    :param status: the answer's status, 200 to 599; None, the default, leaves it.
    :param delay_ms: milliseconds that the answer waits, up to ten minutes; 0 by default.
    :param drop: True closes the connection without an answer.
    :param truncate: True announces a length and sends half of it.
    :param path: only requests whose target holds this; empty, the default, means all.
    :param seed: the same one hits the same requests; None, the default, differs every time.
    :raises GrowingParamException: one of them cannot be used, or nothing would happen.
    """

    next: int | None = None
    percent: float = 100
    status: int | None = None
    delay_ms: int = 0
    drop: bool = False
    truncate: bool = False
    path: str = ""
    seed: int | None = None

    def __post_init__(self) -> None:
        _check(self.next is None or self.next >= 1, "next: give 1 or more, or null for no end.")
        _check(0 < self.percent <= 100, "percent: give more than 0, up to 100.")
        _check(self.status is None or 200 <= self.status <= 599, "status: give 200 to 599.")
        _check(0 <= self.delay_ms <= _MOST_DELAY_MS, f"delay_ms: give 0 to {_MOST_DELAY_MS}.")
        _check(
            self.delay_ms > 0 or not self.only_delays,
            "status: nothing would go wrong. Give status, delay_ms, drop or truncate.",
        )
        _check(not (self.drop and self.truncate), "truncate: a dropped answer has no half.")
        _check(
            not (self.drop and self.status is not None), "status: a dropped answer has no status."
        )
        _check(
            not (self.truncate and self.status in _WITHOUT_BODY),
            f"truncate: an answer with status {self.status} has nothing to cut.",
        )

    @property
    def only_delays(self) -> bool:
        """Whether the answer is the usual one, though late."""
        return self.status is None and not self.drop and not self.truncate

    def answered(self, otherwise: int) -> int:
        """Return the status that is sent, 0 for none, where it would have been ``otherwise``."""
        if self.drop:
            return _DROPPED
        return self.status or (_OK if self.truncate else otherwise)


class FaultOptions(TypedDict, total=False):
    """What a ``Fault`` is made of, but for how many requests it hits."""

    percent: float
    status: int | None
    delay_ms: int
    drop: bool
    truncate: bool
    path: str
    seed: int | None


def _check(fulfilled: bool, otherwise: str) -> None:
    if not fulfilled:
        raise GrowingParamException(otherwise)


class _Running:
    """A fault and what is left of it. Only the event loop changes it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.next
        self.hit = 0
        self._random = random.Random(fault.seed)

    def hits(self, target: str) -> bool:
        fault = self.fault
        if self.left == 0 or fault.path not in target:
            return False
        if self._random.random() * 100 >= fault.percent:
            return False
        self.hit += 1
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The fault that is asked for, if any.

    Any thread may replace it: that is one assignment, and every request reads it once.
    """

    def __init__(self) -> None:
        self._running: _Running | None = None

    def begin(self, fault: Fault) -> None:
        """Let this fault happen, and no other, from the next request on."""
        self._running = _Running(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._running = None

    def pick(self, method: str, target: str) -> Fault | None:
        """Return what goes wrong with this request, and count it.

        Preflights are spared: browsers send them on their own, and they would use faults up.
        """
        running = self._running
        if running is None or method == "OPTIONS" or not running.hits(target):
            return None
        return running.fault

    def show(self) -> dict[str, Any]:
        """Return the fault as JSON has it.

        ``next`` is how many are left, ``hit`` how many were, ``active`` whether more may be.
        """
        running = self._running
        if running is None:
            return {"active": False, "hit": 0, **_NOTHING}
        fields = msgspec.structs.asdict(running.fault)
        return {"active": running.left != 0, "hit": running.hit, **fields, "next": running.left}


_NOTHING: Final = {**msgspec.structs.asdict(Fault(status=503)), "status": None, "next": 0}
