"""Print and send (日志测试)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from growingio_tracker.consumers.base import Options
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.engine import DirectEngine, Engine, Parts
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.transport.base import Request, Response, Transport
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DebugConsumer(Strategy):
    """Prints every message, request and answer, and sends as :class:`DefaultConsumer` does.

    For test environments: what it prints holds everything that is tracked.

    :param stream: where to print; ``None`` is the standard output of the moment.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: object = None,
        retry_limit: int = 3,
        request_timeout: float = 2,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        *,
        stream: TextIO | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            product_id,
            data_source_id,
            server_host,
            data_parser,
            retry_limit,
            request_timeout,
            retry_backoff_factor,
            verify_cert,
            **options,
        )
        self._print = _Printer(stream)
        make_transport = self._make_transport
        self._make_transport = lambda: _PrintingTransport(make_transport(), self._print)
        self._print(
            f"GrowingIO: product_id={product_id} data_source_id={data_source_id} "
            f"server_host={self._server_host}"
        )

    def accept(self, kind: Kind, record: bytes) -> Receipt | None:
        """Print one record and send it."""
        self._print(f"{kind.value}: {record.decode()}")
        return super().accept(kind, record)

    def _strategy(self, parts: Parts) -> Engine:
        return DirectEngine(parts)


class _Printer:
    """Prints lines, whatever the encoding of the stream."""

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
