"""Simulated faults: an error status, a delay, half a response, or none."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import msgspec
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from growingio_wire.checks import Unpack
from growingio_wire.errors import invalid

_MOST_DELAY_MS: Final = 600_000
_WITHOUT_BODY: Final = frozenset({204, 205, 304})
_DROPPED: Final = 0
_OK: Final = 200
_USUAL_FAILURE: Final = 503
_KINDS: Final = frozenset({"status", "delay_ms", "drop", "truncate"})


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Simulated fault: what goes wrong, and how often.

    :param next: number of requests to hit, at least 1; None, the default, has no limit.
    :param percent: percentage of matching requests to hit at random; 100 by default.
    :param status: the response's status, 200 to 599; None, the default, does not change it.
    :param delay_ms: delay of the response in milliseconds, up to ten minutes; 0 by default.
    :param drop: True closes the connection without a response.
    :param truncate: True announces the full length and sends half of it.
    :param path: only requests whose target contains this; empty, the default, matches all.
    :param seed: the same seed hits the same requests; None, the default, is random.
    :raises GrowingParamException: if one of them is invalid, or the fault would have no effect.
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
        _check(
            self.next is None or self.next >= 1,
            "next: give 1 or more, or null for no end.",
            "next：请给出 1 或更大的数，或用 null 表示不限。",
        )
        _check(
            0 < self.percent <= 100,
            "percent: give more than 0, up to 100.",
            "percent：应大于 0，且不超过 100。",
        )
        _check(
            self.status is None or 200 <= self.status <= 599,
            "status: give 200 to 599.",
            "status：应为 200 到 599。",
        )
        _check(
            0 <= self.delay_ms <= _MOST_DELAY_MS,
            f"delay_ms: give 0 to {_MOST_DELAY_MS}.",
            f"delay_ms：应为 0 到 {_MOST_DELAY_MS}。",
        )
        _check(
            self.delay_ms > 0 or not self.only_delays,
            "status: nothing would go wrong. Give status, delay_ms, drop or truncate.",
            "status：这样不会出任何故障。请给出 status、delay_ms、drop 或 truncate。",
        )
        _check(
            not (self.drop and self.truncate),
            "truncate: a dropped answer has no half.",
            "truncate：不响应就无从截断。",
        )
        _check(
            not (self.drop and self.status is not None),
            "status: a dropped answer has no status.",
            "status：不响应就没有状态码。",
        )
        _check(
            not (self.truncate and self.status in _WITHOUT_BODY),
            f"truncate: an answer with status {self.status} has nothing to cut.",
            f"truncate：状态码 {self.status} 的响应没有内容可截断。",
        )

    @property
    def only_delays(self) -> bool:
        """Whether the response is only delayed."""
        return self.status is None and not self.drop and not self.truncate

    def answered(self, otherwise: int) -> int:
        """Return the status sent instead of ``otherwise``; 0 if there is no response."""
        if self.drop:
            return _DROPPED
        return self.status or (_OK if self.truncate else otherwise)


class FaultOptions(TypedDict, total=False):
    """Options of a ``Fault``, except the number of requests."""

    percent: float
    status: int | None
    delay_ms: int
    drop: bool
    truncate: bool
    path: str
    seed: int | None


def _check(fulfilled: bool, en: str, zh: str) -> None:
    if not fulfilled:
        raise invalid(en, zh)


def failing(count: int, options: FaultOptions) -> Fault:
    """Return the fault for the next ``count`` requests; 503 unless the options say otherwise.

    :raises GrowingParamException: if ``count`` is below 1, or an option is invalid.
    """
    if not _KINDS & set(options):
        options = {**options, "status": _USUAL_FAILURE}
    return Fault(next=count, **options)


class _Running:
    """A fault and its remaining requests. Only the event loop changes it."""

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
    """The active fault, if any. Use it to test how a client copes with failures.

    A request that is hit is still received, checked and stored; its ``answered`` is the status
    sent, or 0 if there was no response. Only the fault set last is active. All calls take effect
    before they return, and may come from any thread. See ``Fault`` for the options, their units and
    defaults.

    :param tell: called after each change, for the pages that show it.
    """

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        self._running: _Running | None = None
        self._tell = tell

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Make the next ``count`` requests fail, with 503 unless the options say otherwise.

        Later requests succeed again.

        :raises GrowingParamException: if ``count`` is below 1, or an option is invalid.
        """
        self.begin(failing(count, options))

    def set(self, **options: Unpack[FaultOptions]) -> None:
        """Make requests fail until ``clear()``: all matching ones, or ``percent`` of them.

        :raises GrowingParamException: if an option is invalid, or the fault would have no effect.
        """
        self.begin(Fault(**options))

    def begin(self, fault: Fault) -> None:
        """Activate this fault instead of any other, from the next request on."""
        self._running = _Running(fault)
        self._tell()

    def clear(self) -> None:
        """Deactivate the fault."""
        self._running = None
        self._tell()

    def pick(self, method: str, target: str) -> Fault | None:
        """Return the fault that hits this request, and count it.

        Preflights are never hit: browsers send them on their own, which would use up faults.
        """
        running = self._running
        if running is None or method == "OPTIONS" or not running.hits(target):
            return None
        return running.fault

    def show(self) -> dict[str, Any]:
        """Return the fault as the API shows it.

        ``next`` is the number of requests still to be hit, ``hit`` the number hit so far, and
        ``active`` whether more may be hit.
        """
        running = self._running
        if running is None:
            return {"active": False, "hit": 0, **_NOTHING}
        fields = msgspec.structs.asdict(running.fault)
        return {"active": running.left != 0, "hit": running.hit, **fields, "next": running.left}


_NOTHING: Final = {**msgspec.structs.asdict(Fault(status=503)), "status": None, "next": 0}


HANG_UP: Final = "growingio.hang_up"
"""Scope key of the function that closes the connection."""

_TEXT: Final = "This answer is a fault that was asked for (/api/v1/faults).\n"


class FaultyAnswer(Response):
    """The response to a request that was hit by a fault.

    :param fault: the fault.
    :param usual: the response without the fault.
    :param headers: the headers of a response whose status comes from the fault.
    """

    def __init__(self, fault: Fault, usual: Response, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._fault = fault
        status = fault.answered(usual.status_code)
        kept = fault.only_delays or fault.drop
        self._answer = usual if kept else _with_status(status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, or as much of it as the fault allows."""
        await asyncio.sleep(self._fault.delay_ms / 1000)
        if self._fault.truncate:
            await self._answer(scope, receive, _first_half(send))
        elif not self._fault.drop:
            await self._answer(scope, receive, send)
            return
        await _hang_up(scope, receive)


def _with_status(status: int, headers: Mapping[str, str]) -> Response:
    if status in (204, 205, 304):
        return Response(status_code=status, headers=headers)
    return PlainTextResponse(_TEXT, status, headers)


def _first_half(send: Send) -> Send:
    async def send_half(message: Any) -> None:
        if message["type"] == "http.response.body":
            body: bytes = message["body"]
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half


async def _hang_up(scope: Scope, receive: Receive) -> None:
    close: Callable[[], None] = scope[HANG_UP]
    close()
    # uvicorn logs an error if there is no response while the connection is open.
    while (await receive())["type"] != "http.disconnect":
        pass
