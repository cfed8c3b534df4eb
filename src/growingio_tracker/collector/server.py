"""uvicorn in a thread of its own."""

import asyncio
import logging
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from growingio_tracker.collector._log import logger
from growingio_tracker.collector.fault_answers import HANG_UP

_GRACE_S: Final = 1
_KEEP_ALIVE_S: Final = 60


class Tls(NamedTuple):
    """A listening socket whose connections are encrypted, and what with."""

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
            logger.error("%s", record.getMessage(), exc_info=record.exc_info)
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


class _HangingUp(H11Protocol):
    """Lets the application close the connection, for which ASGI has no message."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        served = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[HANG_UP] = transport.close
            await served(scope, receive, send)

        self.app = app


def _server(app: ASGIApp, tls: Tls | None = None) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_HangingUp,
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
    """Serves ``app`` on all ``listeners``, and on that of ``tls``, until ``stop()``."""

    def __init__(
        self, app: ASGIApp, listeners: Sequence[socket.socket], tls: Tls | None = None
    ) -> None:
        self._served = [(_server(app), list(listeners))]
        if tls:
            self._served.append((_server(app, tls), [tls.listener]))
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
        """Answer what is being answered, for up to a second, close every connection and end."""
        for server, _ in self._served:
            server.should_exit = True
        self._thread.join()
