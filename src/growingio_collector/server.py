"""uvicorn server in a thread."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from growingio_collector.receiving.faults import HANG_UP

_logger: Final = logging.getLogger("growingio_collector")

_GRACE_S: Final = 1
_KEEP_ALIVE_S: Final = 60
_SHOWN_BYTES: Final = 64


class Tls(NamedTuple):
    """A listening socket with TLS, its certificate and its key."""

    listener: socket.socket
    certificate: Path
    key: Path


class _OwnThread(logging.Filter):
    """Keeps uvicorn's log of one thread quiet, without touching the host application's uvicorn."""

    def __init__(self, ident: int) -> None:
        super().__init__()
        self._ident = ident

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._ident:
            return True
        if record.levelno >= logging.ERROR:
            _logger.error("%s", record.getMessage(), exc_info=record.exc_info)
        return False


@contextmanager
def _quiet_thread() -> Generator[None, None, None]:
    # uvicorn's own switches (log_level, access_log) would change its loggers for the whole process.
    quiet = _OwnThread(threading.get_ident())
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "uvicorn.access")]
    for log in loggers:
        log.addFilter(quiet)
    try:
        yield
    finally:
        for log in loggers:
            log.removeFilter(quiet)


class _Connection(H11Protocol):
    """A connection that the application may close, and that reports what is not HTTP.

    ASGI has no message for either.

    :param broken: called with the beginning of anything that is not a request.
    """

    def __init__(self, *args: Any, broken: Callable[[bytes], object], **options: Any) -> None:
        super().__init__(*args, **options)
        self._broken = broken
        self._newest = b""

    def data_received(self, data: bytes) -> None:
        self._newest = data[:_SHOWN_BYTES]
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._broken(self._newest)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        served = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[HANG_UP] = transport.close
            await served(scope, receive, send)

        self.app = app


def _server(
    app: ASGIApp, broken: Callable[[bytes], object], tls: Tls | None = None
) -> uvicorn.Server:
    http: Any = partial(_Connection, broken=broken)
    config = uvicorn.Config(
        app,
        http=http,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    return uvicorn.Server(config)


class ServerThread:
    """Serves ``app`` on all ``listeners``, and on that of ``tls``, until ``stop()``.

    :param broken: called in the server's thread with the beginning of anything that is not HTTP.
    """

    def __init__(
        self,
        app: ASGIApp,
        broken: Callable[[bytes], object],
        listeners: Sequence[socket.socket],
        tls: Tls | None = None,
    ) -> None:
        self._served = [(_server(app, broken), list(listeners))]
        if tls:
            self._served.append((_server(app, broken, tls), [tls.listener]))
        # A daemon: a forgotten collector must not keep the interpreter from ending.
        self._thread = threading.Thread(target=self._run, name="growingio-collector", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(_quiet_thread())
            for _, listeners in self._served:
                for listener in listeners:
                    stack.enter_context(listener)
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        await asyncio.gather(
            *(server.serve(sockets=listeners) for server, listeners in self._served)
        )

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish current responses within a second, close every connection and end."""
        for server, _ in self._served:
            server.should_exit = True
        self._thread.join()
