"""Examination of a request to the collect paths, before it is stored."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace
from starlette.requests import Request

from growingio_collector.decode import Decoded, decode_request
from growingio_collector.plan import Plans
from growingio_collector.receiving.exchanges import (
    NOBODY_TO_ANSWER,
    REFUSED,
    Body,
    answered_strictly,
    has_two_lengths,
    path_of,
    query_of,
    split_run,
    target_of,
)
from growingio_collector.receiving.masking import Credentials, Redaction
from growingio_collector.rules.bodies import DOCTOR_PROBE, NO_MESSAGES
from growingio_collector.rules.checked import (
    Arrival,
    CheckedMessage,
    bounded,
    unreadable,
    with_issues,
    without,
    without_repeated,
)
from growingio_collector.rules.checking import Judge
from growingio_collector.rules.clients import name_client
from growingio_collector.rules.issue import Issue
from growingio_collector.rules.requests import (
    TOO_LARGE,
    TWO_LENGTHS,
    WRONG_METHOD,
    Target,
    not_http,
    read_path,
    unknown_path,
)
from growingio_collector.settings import Handling
from growingio_collector.store.received import Received
from growingio_wire.endpoints import DOCTOR
from growingio_wire.table import Kind


class _Verdict(NamedTuple):
    """Result of examining a request: its status, its content, and whether it is bad."""

    status: int
    decoded: Decoded
    target: Target | None = None


def _judge(request: Request, path: str, body: Body) -> _Verdict:
    if has_two_lengths(request.scope):
        return _Verdict(REFUSED, Decoded(reason=TWO_LENGTHS.issue()))
    target = read_path(path)
    if target is None:
        return _Verdict(404, Decoded(reason=unknown_path(request.method, path)))
    if request.method == "OPTIONS":
        return _Verdict(204, Decoded(), target)
    if request.method != "POST" and not _is_image(request.method, target):
        return _Verdict(405, Decoded(reason=WRONG_METHOD.issue(method=request.method)), target)
    if body.issue:
        # After a 413, the Java SDK would send the large body three more times.
        status = 204 if body.issue.code == TOO_LARGE.code else NOBODY_TO_ANSWER
        return _Verdict(status, Decoded(reason=body.issue), target)
    query = query_of(request)
    headers = request.headers.items()
    decoded = decode_request(target.kind, request.method, query, headers, body.content)
    if _is_probe(request, decoded):
        decoded = Decoded(reason=DOCTOR_PROBE.issue())
    return _Verdict(204 if request.method == "POST" else 200, decoded, target)


def _is_probe(request: Request, decoded: Decoded) -> bool:
    """Tell whether it is the empty list of ``growingio doctor``, and of no other client."""
    is_empty = decoded.reason is not None and decoded.reason.code == NO_MESSAGES.code
    return is_empty and request.headers.get("user-agent", "").endswith(f" {DOCTOR}")


def _is_image(method: str, target: Target) -> bool:
    """Tell whether it is the Web SDK's image form, which exists for events only."""
    return method == "GET" and target.kind is Kind.EVENT


def _judged(
    request: Request, received_us: int, verdict: _Verdict, client: str | None, judge: Judge
) -> list[CheckedMessage]:
    """Judge the messages, and add a row for what could not be read."""
    decoded, target = verdict.decoded, verdict.target
    messages: list[CheckedMessage] = []
    if target and decoded.messages:
        stm = request.query_params.get("stm")
        arrival = Arrival(
            received_us, target.project, method=request.method, stm=stm, client=client
        )
        messages = judge.check(target.kind, decoded.messages, arrival)
    return [*messages, unreadable(decoded.reason)] if decoded.reason else messages


def _received(request: Request, received_us: int, body: Body, judge: Judge) -> Received:
    """Decode and check the request."""
    path, query = path_of(request), query_of(request)
    run, behind = split_run(path)
    verdict = _judge(request, behind, body)
    decoded, target = verdict.decoded, verdict.target
    client = name_client(request.headers, query, decoded.messages)
    return Received(
        received_us=received_us,
        method=request.method,
        target=target_of(request),
        headers=[
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ],
        body=body.content,
        answered=verdict.status,
        steps=decoded.steps,
        reason=decoded.reason,
        project=target.project if target else None,
        messages=_judged(request, received_us, verdict, client, judge),
        client=client,
        run=run or (target.project if target else None),
    )


class Kept(NamedTuple):
    """Facts about a request from when it was first received.

    ``problems`` are those of its events, in order; None to find them again.
    """

    problems: Sequence[Sequence[Issue]] | None = None
    client: str | None = None

    def in_place_of(self, received: Received) -> Received:
        """Return ``received`` with these facts instead of its own."""
        received = replace(received, client=self.client or received.client)
        if self.problems is None or len(self.problems) != len(received.messages):
            return received
        both = zip(received.messages, self.problems, strict=True)
        messages = [with_issues(message, issues) for message, issues in both]
        reason = messages[0].issues[0] if received.reason and messages[0].issues else None
        return replace(received, messages=messages, reason=reason)


class Examiner:
    """Decodes, checks and masks, several requests at the same time.

    ``ignored`` are the codes of problems to ignore from now on; it is always replaced as a whole.

    :param handling: how to process requests.
    :param plans: holds the tracking plan that messages are compared with.
    :param judge: checks messages with regard to earlier ones.
    :param token: the token of the page, or None; it is never stored.
    """

    def __init__(self, handling: Handling, plans: Plans, judge: Judge, token: str | None) -> None:
        self._plans = plans
        self._judge = judge
        self.ignored = frozenset(handling.ignore)
        self._is_strict = handling.strict
        self._redact = Redaction(handling.redact)
        self._mask = Credentials(token, keep=handling.credentials)

    def examined(
        self, request: Request, received_us: int, body: Body, kept: Kept | None = None
    ) -> Received:
        """Return what to store of a request.

        :param kept: what was found when it was first received, perhaps elsewhere.
        """
        received = _received(request, received_us, body, self._judge)
        if kept:
            received = kept.in_place_of(received)
        received = self._without_ignored(self._plans.judged(received))
        if kept:
            # The original problems may already include those of the plan.
            received = replace(received, messages=list(map(without_repeated, received.messages)))
        received = replace(received, messages=bounded(list(received.messages)))
        received = self._redact(self._mask(received))
        return answered_strictly(received) if self._is_strict else received

    def _without_ignored(self, received: Received) -> Received:
        if not self.ignored:
            return received
        return replace(received, messages=without(received.messages, self.ignored))


def broken(beginning: bytes) -> Received:
    """Return what to store of a connection that did not begin with HTTP."""
    reason = not_http(beginning)
    return Received(
        received_us=time.time_ns() // 1000,
        method="?",
        target="",
        headers=(),
        body=beginning,
        answered=REFUSED,
        steps=(),
        reason=reason,
        project=None,
        messages=[unreadable(reason)],
    )
