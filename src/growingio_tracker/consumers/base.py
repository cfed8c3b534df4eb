"""What every consumer has, and what the strategies of this package share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, TypedDict, TypeVar
from urllib.parse import urlencode

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.arguments import text_name
from growingio_tracker.consumers.engines import Engines
from growingio_tracker.delivery.contract import OnError, Problem, Stats
from growingio_tracker.delivery.engine import Engine, OwnEngine, Parts
from growingio_tracker.delivery.interrupt import Interrupt
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.delivery.retry import RetryPolicy, check_seconds
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.exceptions import TransportError
from growingio_tracker.formats.base import DataParser, as_bytes
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.message import Message
from growingio_tracker.record import decode
from growingio_tracker.transport.base import Request, Transport
from growingio_tracker.transport.endpoints import base_url, endpoints
from growingio_tracker.values import Unsendable
from growingio_tracker.wire import Kind

_C = TypeVar("_C", bound="Consumer")

CLOSE_TIMEOUT_S: Final = 5.0
_OLD_NAMES: Final = {Kind.EVENT: "collect", Kind.ITEM: "item", Kind.MAPPING: "user-mapping"}


TRUE_WORDS: Final = frozenset({"1", "true", "yes", "on"})
"""What means yes in an environment variable."""


def is_disabled() -> bool:
    """Return whether ``GROWINGIO_DISABLED`` asks for events to be accepted and discarded."""
    return os.environ.get("GROWINGIO_DISABLED", "").strip().lower() in TRUE_WORDS


class Options(TypedDict, total=False):
    """Keyword options that every consumer takes.

    - ``on_error``: called with a :class:`~growingio_tracker.delivery.contract.Problem` for each
      loss, from any thread. Default ``None``: losses are logged and counted only.
    - ``close_timeout_s``: seconds that closing, and the end of the process, may take at most.
      Default 5; 0 gives up at once what is not delivered yet.
    - ``transport``: what exchanges requests. Default ``None``: HTTP. Tests pass their own.
    - ``clock``: the time. Default: the machine's. Tests pass their own.
    """

    on_error: OnError | None
    close_timeout_s: float
    transport: Transport | None
    clock: Clock


class Consumer:
    """Base class of consumers.

    A consumer of your own overrides :meth:`send`, which gets each message that a tracker has
    checked, and may use :meth:`send_data` to post what it likes to :attr:`endpoints`.

    :param product_id: the project's id (AccountID).
    :param data_source_id: the data source's id.
    :param server_host: address of the collect server, ``http://…`` or ``https://…``.
    :param retry_limit: repeats of a request that the server may accept later; 0 tries once.
    :param request_timeout: seconds to connect, and again to wait for each read; above 0.
    :param retry_backoff_factor: seconds; the wait before repeat *n* (from 0) is random between 0
        and ``retry_backoff_factor * 2**n``, at most 30. 0 repeats at once.
    :param verify_cert: ``True`` checks the server's certificate, a path to a PEM file checks it
        against the authorities in that file, ``False`` checks nothing and warns once.

    The keywords behind them are those of :class:`Options`.

    :raises GrowingParamException: when an argument cannot be used; the message names it.

    Constructing starts no thread and opens no socket.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        retry_limit: int = 3,
        request_timeout: float = 5,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        *,
        on_error: OnError | None = None,
        close_timeout_s: float = CLOSE_TIMEOUT_S,
        transport: Transport | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._product_id = text_name(product_id, "product_id")
        self._data_source_id = text_name(data_source_id, "data_source_id")
        self._server_host = base_url(server_host)
        self._addresses = endpoints(server_host, product_id)
        self.endpoints = {name: self._addresses[kind] for kind, name in _OLD_NAMES.items()}
        self._request_timeout_s = check_seconds(request_timeout, "request_timeout", above=0)
        self._policy = self._retry_policy(retry_limit, retry_backoff_factor)
        self._make_transport = _transport_maker(self._server_host, verify_cert, transport)
        self._close_timeout_s = check_seconds(close_timeout_s, "close_timeout_s")
        self._on_error = on_error
        self._clock = clock
        self._data_parse: DataParser = JsonParser()
        self._engines = Engines(self, self._make_engine)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(server_host={self._server_host!r})"

    def accept(self, kind: Kind, record: bytes) -> Receipt | None:
        """Take in one record from a tracker; here, hand it to :meth:`send` as a message."""
        return self._engines.get().offer(kind, record)

    def _accept_by_send(self, kind: Kind, record: bytes) -> Receipt | None:
        self.send(decode(kind, record))
        return None

    def send(self, message: Message) -> None:
        """Do something with a checked message; here, nothing."""

    def send_data(
        self,
        request_url: str,
        data: str | bytes,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        """Post ``data`` and return whether the server accepted it, repeating as configured.

        :param request_url: one of :attr:`endpoints`, or any other address of the same server.
        :raises TransportError: when no answer came.
        """
        if is_disabled():
            return True
        query = urlencode(params or {}, doseq=True)
        request = Request(
            url=f"{request_url}?{query}" if query else request_url,
            body=as_bytes(data),
            headers=dict(headers or {}),
            timeout_s=self._request_timeout_s,
        )
        answer = self._engines.get().post(request)
        if isinstance(answer.error, TransportError):
            raise answer.error
        return answer.error is None

    def flush(self, timeout: float | None = None) -> bool:
        """Send everything now; return whether all accepted before has an outcome.

        :param timeout: seconds to wait at most; ``None`` waits without limit, 0 does not wait.
        :raises GrowingIOException: in the strategies that send in the caller's thread, when the
            server did not accept everything.
        """
        return self._engines.get().flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver what waits and stop; return whether nothing was left undelivered.

        It may be called again, from any thread and from callbacks. Events tracked afterwards are
        refused and counted as ``closed``.

        :param timeout: seconds to take at most; ``None`` is ``close_timeout_s``.
        """
        return self._engines.get().close(self._close_timeout_s if timeout is None else timeout)

    def stop(self) -> None:
        """Close; the name that 1.0.5 has for it."""
        self.close()

    def __enter__(self: _C) -> _C:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def stats(self) -> Stats:
        """Return what became of every event that this process handed over."""
        return self._engines.get().ledger.stats()

    def healthy(self, within_s: float = 60.0) -> bool:
        """Return False when events are pending and none was delivered for ``within_s`` seconds."""
        return self._engines.get().ledger.healthy(within_s)

    def refuse(self, problem: Problem) -> None:
        """Count and report one event that cannot be sent; trackers call it."""
        self._engines.get().refuse(problem)

    def report_left_out(self, attributes: Sequence[Unsendable]) -> None:
        """Count and report attributes of one event that cannot be sent; trackers call it."""
        engine = self._engines.get()
        engine.ledger.note_left_out(len(attributes))
        for attribute in attributes:
            engine.reporter.report(Problem("attribute_left_out", str(attribute)))

    def report_experiment_failure(self, detail: str) -> None:
        """Count and report an experiment that failed; trackers call it."""
        engine = self._engines.get()
        engine.ledger.note_experiment_failed()
        engine.reporter.report(Problem("experiment_failed", detail))

    @property
    def is_off(self) -> bool:
        """Whether nothing at all is to be sent, as ``GROWINGIO_DISABLED`` asks."""
        return is_disabled()

    def _parts(self, transport: Transport | None = None) -> Parts:
        ledger, reporter = Ledger(self._clock), Reporter(self._on_error, self._clock)
        interrupt, transport = Interrupt(self._clock), transport or self._make_transport()
        sender = Sender(
            transport,
            self._data_parse,
            self._addresses,
            self._policy,
            request_timeout_s=self._request_timeout_s,
            ledger=ledger,
            reporter=reporter,
            interrupt=interrupt,
            clock=self._clock,
        )
        return Parts(ledger, reporter, interrupt, transport, sender, self._close_timeout_s)

    def _retry_policy(self, limit: int, backoff_factor: float) -> RetryPolicy:
        # A caller who asks again gets a whole new round; only a worker leaves the server alone.
        return RetryPolicy.without_rest(limit, backoff_factor)

    def _make_engine(self) -> Engine:
        return OwnEngine(self._parts(), self._accept_by_send)


def _transport_maker(
    server_host: str, verify_cert: bool | str, given: Transport | None
) -> Callable[[], Transport]:
    if given is not None:
        return lambda: given
    # urllib3 takes longer to import than everything else together, so importing this package
    # does without; constructing a consumer, unlike the first event, is in nobody's request.
    from growingio_tracker.transport.http import HttpTransport, check_verify_cert  # noqa: PLC0415

    checked = check_verify_cert(verify_cert, server_host)
    return partial(HttpTransport, server_host, verify_cert=checked)
