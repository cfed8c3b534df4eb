"""Strategies that send each event immediately (立即发送), one of them printing it (日志测试)."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from growingio_tracker.consumers.options import (
    REQUEST_TIMEOUT_S,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    VERIFY_CERT,
    WORKER_REQUEST_TIMEOUT_S,
    ConsumerKeywords,
    ConsumerOptions,
    DebugOptions,
)
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.consumers.tracker_options import places_for_consumer
from growingio_tracker.delivery.drivers import EachCaller
from growingio_tracker.delivery.formats import Parser
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.model.options import known
from growingio_wire.checks import Unpack
from growingio_wire.http import Request, Response, Transport
from growingio_wire.table import Kind


class DefaultConsumer(Strategy):
    """Sends each event in the caller's thread, with one request per event.

    A call returns once the server has accepted the event. Otherwise it raises
    :class:`~growingio_wire.errors.GrowingIOException` after the retries, and the event is not kept.

    :param data_parser: the format of the bodies; ``None`` is JSON.

    The other parameters are those of :class:`~growingio_tracker.Consumer`.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        retry_limit: int = RETRY_LIMIT,
        request_timeout: float = REQUEST_TIMEOUT_S,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[ConsumerKeywords],
    ) -> None:
        self._begin_with(
            ConsumerOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                data_parser=data_parser,
                retry_limit=retry_limit,
                request_timeout=request_timeout,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                **known(options, ConsumerOptions, places_for_consumer),
            ),
            each_call_sends,
        )


def each_call_sends(options: ConsumerOptions, sender: Sender) -> Pipeline:
    """Return a pipeline in which the caller sends each event."""
    return Pipeline(sender, EachCaller, close_timeout_s=options.close_timeout_s)


class DebugConsumer(Strategy):
    """Prints every message, request and response, and sends like :class:`DefaultConsumer`.

    For test environments: it prints everything that is tracked.

    :param stream: where to print; ``None`` is the current standard output.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        retry_limit: int = RETRY_LIMIT,
        request_timeout: float = WORKER_REQUEST_TIMEOUT_S,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        *,
        stream: TextIO | None = None,
        **options: Unpack[ConsumerKeywords],
    ) -> None:
        self._begin_with(
            DebugOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                data_parser=data_parser,
                retry_limit=retry_limit,
                request_timeout=request_timeout,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                stream=stream,
                **known(options, DebugOptions, places_for_consumer),
            ),
            each_call_sends,
        )
        self._print(
            f"GrowingIO: product_id={product_id} data_source_id={data_source_id} "
            f"server_host={self._server_host}"
        )

    def _begin(self, options: ConsumerOptions) -> None:
        self._print = _Printer(getattr(options, "stream", None))
        super()._begin(options)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without the printer."""
        return {name: one for name, one in super().__getstate__().items() if name != "_print"}

    def accept(self, kind: Kind, record: bytes) -> Receipt:
        """Print one record and send it."""
        self._print(f"{kind.value}: {record.decode()}")
        return super().accept(kind, record)

    def _new_transport(self) -> Transport:
        return _PrintingTransport(super()._new_transport(), self._print)


class _Printer:
    """Prints lines, whatever encoding the stream has."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __call__(self, line: str) -> None:
        stream = sys.stdout if self._stream is None else self._stream
        if stream is None:  # pyright: ignore[reportUnnecessaryComparison] - no console, as in pythonw
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()


class _PrintingTransport:
    def __init__(self, transport: Transport, print_line: _Printer) -> None:
        self._transport = transport
        self._print = print_line

    def exchange(self, request: Request) -> Response:
        self._print(f"→ POST {request.url} ({len(request.body)} bytes)")
        for name, value in request.headers.items():
            self._print(f"  {name}: {value}")
        try:
            self._print(f"  {request.body.decode()}")
        except UnicodeDecodeError:
            self._print(f"  {request.body.hex(' ')}")
        try:
            response = self._transport.exchange(request)
        except Exception as error:
            self._print(f"← no answer: {error}")
            raise
        self._print(f"← {response.status}")
        return response

    def close(self) -> None:
        self._transport.close()
