"""Base class of all consumers (delivery strategies), both the package's own and custom ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlencode

from growingio_tracker.consumers.options import (
    FLUSH_TIMEOUT_S,
    REQUEST_TIMEOUT_S,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    VERIFY_CERT,
    ConsumerKeywords,
    ConsumerOptions,
)
from growingio_tracker.consumers.pipelines import Pipelines, connector, is_disabled
from growingio_tracker.consumers.tracker_options import places_for_consumer
from growingio_tracker.core import ShortWay
from growingio_tracker.delivery import Destination
from growingio_tracker.delivery.drivers import Nobody
from growingio_tracker.delivery.formats import as_bytes
from growingio_tracker.delivery.ledger import Ledger, Stats
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.receipt import UNKNOWN, Receipt, receipt_of
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Interrupt
from growingio_tracker.model import Message
from growingio_tracker.model.losses import Problem, Reporter, Unsendable
from growingio_tracker.model.options import known
from growingio_tracker.model.record import decode
from growingio_wire.checks import Unpack, check_seconds, usable_timeout
from growingio_wire.endpoints import endpoints, masked_id
from growingio_wire.errors import TransportError
from growingio_wire.http import Request, Transport
from growingio_wire.said import Said
from growingio_wire.table import Kind

_C = TypeVar("_C", bound="Consumer")

_SENT_ELSEWHERE: Final = receipt_of(UNKNOWN)
_OLD_NAMES: Final = {Kind.EVENT: "collect", Kind.ITEM: "item", Kind.MAPPING: "user-mapping"}


class Consumer:
    """Base class of consumers.

    A consumer of your own overrides :meth:`send`, which is called with each validated message, and
    may use :meth:`send_data` to post data to :attr:`endpoints`.

    :param product_id: the project's id (AccountID).
    :param data_source_id: the data source's id.
    :param server_host: the collect address (ServerHost), ``http://…`` or ``https://…``.
    :param retry_limit: how often a request is retried if the server may accept it later; 0 never.
    :param request_timeout: seconds that one attempt may take as a whole; above 0.
    :param retry_backoff_factor: seconds; the wait before retry *n* (from 0) is random between 0 and
        ``retry_backoff_factor * 2**n``, at most 30. 0 retries immediately.
    :param verify_cert: ``True`` verifies the server's certificate, a path verifies it against the
        authorities in that PEM file, ``False`` verifies nothing and warns once.

    The other keywords are those of
    :class:`~growingio_tracker.consumers.options.ConsumerKeywords`.

    :raises GrowingParamException: if an argument is invalid; the message names it.

    Creating a consumer starts no thread and opens no socket. It can be copied and pickled; the copy
    has the same options and an empty queue of its own.
    """

    _stays: ClassVar[frozenset[str]] = frozenset({"_pipelines", "_data_parse", "_connect"})
    """Attributes that a copy does not share, but creates anew."""

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        retry_limit: int = RETRY_LIMIT,
        request_timeout: float = REQUEST_TIMEOUT_S,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[ConsumerKeywords],
    ) -> None:
        self._begin(
            ConsumerOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                retry_limit=retry_limit,
                request_timeout=request_timeout,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                **known(options, ConsumerOptions, places_for_consumer),
            )
        )

    def _begin(self, options: ConsumerOptions) -> None:
        """Finish construction, once the options have been checked."""
        self._options = options
        self._product_id, self._data_source_id, self._server_host = options.destination
        self._addresses = endpoints(options.server_host, options.product_id)
        self.endpoints = {name: self._addresses[kind] for kind, name in _OLD_NAMES.items()}
        self._data_parse = options.parser
        if options.transport is None:
            self._connect = connector(options, is_off=self.is_off)
        self._pipelines = Pipelines(self, self._make_pipeline)

    def __repr__(self) -> str:
        product_id, data_source_id = masked_id(self._product_id), masked_id(self._data_source_id)
        return (
            f"{type(self).__name__}(product_id={product_id!r}, data_source_id={data_source_id!r}, "
            f"server_host={self._server_host!r})"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle: the options, but no queued events."""
        return {name: one for name, one in vars(self).items() if name not in self._stays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if (options := state.get("_options")) is not None:
            self._begin(options)
            vars(self).update(state)

    @property
    def destination(self) -> Destination:
        """Project, data source and server of the events."""
        return Destination(self._product_id, self._data_source_id, self._server_host)

    def accept(self, kind: Kind, record: bytes) -> Receipt:
        """Accept one record from a tracker. The base class passes it to :meth:`send` as a message.

        The outcome is not known then: the receipt's fate is ``"unknown"``.
        """
        return self._pipelines.get().offer(kind, record)

    @property
    def short_way(self) -> ShortWay:
        """Trackers' shortcut past :meth:`accept` for plain events. The base class has none."""
        return ShortWay()

    def accept_by_send(self, kind: Kind, record: bytes) -> Receipt:
        """Pass one record to :meth:`send` as a message."""
        self.send(decode(kind, record))
        return _SENT_ELSEWHERE

    def send(self, message: Message) -> None:
        """Handle a validated message. The base class does nothing."""

    def send_data(
        self,
        request_url: str,
        data: str | bytes,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        """Post ``data`` with retries as configured, and return whether the server accepted it.

        :param request_url: one of :attr:`endpoints`, or any other address of the same server.
        :raises TransportError: if there was no response.
        """
        if is_disabled():
            return True
        query = urlencode(params or {}, doseq=True)
        request = Request(
            url=f"{request_url}?{query}" if query else request_url,
            body=as_bytes(data),
            headers=dict(headers or {}),
            timeout_s=self._options.request_timeout,
        )
        answer = self._pipelines.get().post(request)
        if isinstance(answer.error, TransportError):
            raise answer.error
        return answer.accepted

    def flush(self, timeout: float | None = FLUSH_TIMEOUT_S) -> bool:
        """Send everything now; return whether everything accepted before has an outcome.

        :param timeout: seconds to wait at most, by default 30; ``None`` waits without limit, 0 does
            not wait.
        :raises GrowingIOException: with strategies that send in the caller's thread, if the server
            did not accept everything.
        """
        return self._pipelines.get().flush(usable_timeout(timeout))

    def close(self, timeout: float | None = None) -> bool:
        """Deliver queued events and stop; return whether nothing was left undelivered.

        It may be called repeatedly, from any thread and from callbacks. Events tracked afterwards
        are dropped and counted as ``closed``.

        :param timeout: seconds to take at most; ``None`` is ``close_timeout_s``.
        """
        return self._pipelines.get().stop(self._closing_s(timeout))

    async def aflush(self, timeout: float | None = FLUSH_TIMEOUT_S) -> bool:
        """Like :meth:`flush`, for asyncio: does not block the event loop.

        It uses no thread of the loop's executor, and ends when it is cancelled.
        """
        if type(self).flush is not Consumer.flush:
            return await _in_own_thread(self.flush, timeout)
        return await self._pipelines.get().aflush(usable_timeout(timeout))

    async def aclose(self, timeout: float | None = None) -> bool:
        """Like :meth:`close`, for asyncio: does not block the event loop.

        If it is cancelled, the consumer still closes, but nothing waits for it.
        """
        if type(self).close is not Consumer.close:
            return await _in_own_thread(self.close, timeout)
        return await self._pipelines.get().astop(self._closing_s(timeout))

    def stop(self) -> None:
        """Close. This is 1.0.5's name for :meth:`close`."""
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
        """Return the counts of this process's events by outcome."""
        return self._pipelines.get().ledger.stats()

    def healthy(self, within_s: float = 60.0) -> bool:
        """Return ``False`` if events are pending and none was delivered for ``within_s``
        seconds."""
        check_seconds(within_s, "within_s")
        return self._pipelines.get().ledger.healthy(within_s)

    def refuse(self, problem: Problem) -> None:
        """Count and report one event that cannot be sent. Called by trackers."""
        self._pipelines.get().refuse(problem)

    def report_left_out(self, attributes: Sequence[Unsendable]) -> None:
        """Count and report attributes of one event that cannot be sent. Called by trackers."""
        pipeline = self._pipelines.get()
        pipeline.ledger.note_left_out(len(attributes))
        for attribute in attributes:
            pipeline.reporter.report(Problem.of("attribute_left_out", attribute.said))

    def report_experiment_failure(self, said: Said) -> None:
        """Count and report a failed experiment. Called by trackers."""
        pipeline = self._pipelines.get()
        pipeline.ledger.note_experiment_failed()
        pipeline.reporter.report(Problem.of("experiment_failed", said))

    @property
    def is_off(self) -> bool:
        """Whether sending is switched off by ``GROWINGIO_DISABLED``."""
        return is_disabled()

    def new_sender(self, transport: Transport | None = None) -> Sender:
        """Return a sender to this consumer's server, with counts and a deadline of its own.

        :param transport: ``None`` is the consumer's.
        """
        options, clock = self._options, self._options.clock
        return Sender(
            transport or self._new_transport(),
            self._data_parse,
            self._addresses,
            options.retry_policy,
            request_timeout_s=options.request_timeout,
            ledger=Ledger(clock),
            reporter=Reporter(options.on_error, clock),
            interrupt=Interrupt(clock),
        )

    def _closing_s(self, timeout: float | None) -> float:
        limit = usable_timeout(timeout)
        return self._options.close_timeout_s if limit is None else limit

    def _new_transport(self) -> Transport:
        if self._options.transport is not None:
            return self._options.transport
        return self._connect()

    def _make_pipeline(self) -> Pipeline:
        return Pipeline(
            self.new_sender(),
            lambda pipeline: Nobody(pipeline, self.accept_by_send),
            close_timeout_s=self._options.close_timeout_s,
        )


async def _in_own_thread(call: Callable[[float | None], bool], timeout: float | None) -> bool:
    # asyncio is slow to import, and programs without an event loop do not need it.
    from growingio_tracker.delivery.awaiting import in_own_thread

    return await in_own_thread(partial(call, timeout))
