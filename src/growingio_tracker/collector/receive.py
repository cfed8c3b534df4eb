"""The collect paths: read the body, decode, check, store, and only then answer.

Web SDKs take nothing but a 204 they may read as success and send everything again otherwise;
the Java and mini-program SDKs repeat after a 4xx. So a malformed body, too, is answered 204.
"""

import asyncio
import sqlite3
import time
from concurrent.futures import Executor
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from growingio_tracker.collector import paths
from growingio_tracker.collector._log import logger
from growingio_tracker.collector.answers import NOBODY_TO_ANSWER, make_answer
from growingio_tracker.collector.check import Arrival, Finding, unreadable
from growingio_tracker.collector.clients import name_client
from growingio_tracker.collector.cors import cors_headers
from growingio_tracker.collector.decode import Decoded, decode_request
from growingio_tracker.collector.fault_answers import FaultyAnswer
from growingio_tracker.collector.faults import Fault, Faults
from growingio_tracker.collector.forward.gateway import Gateway
from growingio_tracker.collector.forward.queue import State
from growingio_tracker.collector.incoming import (
    TOO_LARGE,
    Body,
    path_of,
    query_of,
    read_body,
    target_of,
)
from growingio_tracker.collector.judge import Judge
from growingio_tracker.collector.plan.plans import Plans
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.redaction import Redaction
from growingio_tracker.collector.settings import Handling
from growingio_tracker.collector.store import Received, Store
from growingio_tracker.collector.strict import answered_strictly
from growingio_tracker.wire import Kind


class _Verdict(NamedTuple):
    """What a request was found to be: its status, its content, and whether that is bad."""

    status: int
    decoded: Decoded
    target: paths.Target | None = None


def _judge(request: Request, path: str, body: Body) -> _Verdict:
    target = paths.match(path)
    if target is None:
        return _Verdict(404, Decoded(reason=paths.unknown(path)))
    if request.method == "OPTIONS":
        return _Verdict(204, Decoded(), target)
    if request.method != "POST" and not _is_image(request.method, target):
        return _Verdict(405, Decoded(reason=_wrong_method(request.method)), target)
    if body.problem:
        # Java would send the same large body three times more after a 413.
        status = 204 if body.problem is TOO_LARGE else NOBODY_TO_ANSWER
        return _Verdict(status, Decoded(reason=body.problem), target)
    query = query_of(request)
    headers = request.headers.items()
    decoded = decode_request(target.kind, request.method, query, headers, body.content)
    return _Verdict(204 if request.method == "POST" else 200, decoded, target)


def _is_image(method: str, target: paths.Target) -> bool:
    """Tell whether it is the Web SDK's image form, which exists for events only."""
    return method == "GET" and target.kind is Kind.EVENT


def _wrong_method(method: str) -> Problem:
    return Problem("wrong_method", values={"method": method})


def _judged(
    request: Request, received_us: int, verdict: _Verdict, client: str | None, judge: Judge
) -> list[Finding]:
    """Judge the messages, and add a row for what could not be read."""
    decoded, target = verdict.decoded, verdict.target
    findings: list[Finding] = []
    if target and decoded.messages:
        stm = request.query_params.get("stm")
        arrival = Arrival(
            received_us, target.project, method=request.method, stm=stm, client=client
        )
        findings = judge.findings(target.kind, decoded.messages, arrival)
    return [*findings, unreadable(decoded.reason)] if decoded.reason else findings


def _received(request: Request, received_us: int, body: Body, judge: Judge) -> Received:
    """Decode and check the request."""
    path, query = path_of(request), query_of(request)
    run, behind = paths.split_run(path)
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
        findings=_judged(request, received_us, verdict, client, judge),
        client=client,
        run=run or (target.project if target else None),
    )


class Rules(NamedTuple):
    """What is done with what arrives, besides storing it.

    ``plans`` has the tracking plan that every message is compared with, ``gateway`` says what is
    forwarded, ``faults`` which answers go wrong.
    """

    handling: Handling
    plans: Plans
    gateway: Gateway
    faults: Faults


class _Stored(NamedTuple):
    """A request that is in the store."""

    request_id: int
    received: Received


class Receiver:
    """The ASGI application behind every path that is not the collector's own.

    :param store: takes every request before it is answered.
    :param writer: runs decoding and storing, one request at a time, outside the event loop.
    :param rules: what is done besides.
    """

    def __init__(self, store: Store, writer: Executor, rules: Rules) -> None:
        self._store = store
        self._writer = writer
        self._rules = rules
        self._redact = Redaction(rules.handling.redact)
        self._judge = Judge(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store one request, then answer it."""
        request = Request(scope, receive)
        received_us = time.time_ns() // 1000
        if _is_a_visit(request):
            response: Response = PlainTextResponse("Nothing is here.\n", 404)
        else:
            response = await self._take(request, received_us, await read_body(request))
        await response(scope, receive, send)

    async def _take(self, request: Request, received_us: int, body: Body) -> Response:
        loop = asyncio.get_running_loop()
        fault = self._rules.faults.pick(request.method, target_of(request))
        try:
            stored = await loop.run_in_executor(
                self._writer, self._store_one, request, received_us, body, fault
            )
        except sqlite3.Error as error:
            logger.error("A request was not stored and is answered 503: %s", error)
            return PlainTextResponse(
                "The collector could not store this.\n", 503, cors_headers(request.headers)
            )
        answer = await self._usual_answer(request, stored)
        return FaultyAnswer(fault, answer, cors_headers(request.headers)) if fault else answer

    def _store_one(
        self, request: Request, received_us: int, body: Body, fault: Fault | None
    ) -> _Stored:
        received = self._examined(request, received_us, body)
        if fault:
            received = received._replace(answered=fault.answered(received.answered))
        received = received._replace(forward=self._rules.gateway.state_for(received, fault))
        return _Stored(self._keep(received), received)

    def _examined(self, request: Request, received_us: int, body: Body) -> Received:
        received = _received(request, received_us, body, self._judge)
        received = self._redact(self._rules.plans.judged(received))
        return answered_strictly(received) if self._rules.handling.strict else received

    def _keep(self, received: Received) -> int:
        try:
            request_id = self._store.add(received)
        except sqlite3.Error:
            self._judge.forget()
            raise
        self._judge.answered(received.received_us, received.answered)
        return request_id

    async def _usual_answer(self, request: Request, stored: _Stored) -> Response:
        if stored.received.forward != State.SENDING:
            return make_answer(request, stored.received)
        gateway, loop = self._rules.gateway, asyncio.get_running_loop()
        answer = await loop.run_in_executor(gateway.executor, gateway.pass_on, stored.request_id)
        content = answer.body or (answer.error or "").encode()
        headers = cors_headers(request.headers)
        return Response(content, answer.status, headers, answer.content_type)

    def take_again(self, scope: Scope, received_us: int, body: bytes) -> Received:
        """Store a request that was received earlier, or elsewhere, as it is found to be today.

        It is not forwarded. To be run by the writer.
        """
        received = self._examined(Request(scope), received_us, Body(body))
        self._keep(received)
        return received


def _is_a_visit(request: Request) -> bool:
    """Tell whether it is a look around (``/favicon.ico``), which carries no event to lose."""
    if request.method not in ("GET", "HEAD"):
        return False
    _, path = paths.split_run(path_of(request))
    return paths.match(path) is None
