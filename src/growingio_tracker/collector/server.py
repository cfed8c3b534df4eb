"""uvicorn in a thread of its own, on the loopback interface only."""

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from growingio_tracker.collector._log import logger
from growingio_tracker.collector.fault_answers import HANG_UP
from growingio_tracker.exceptions import GrowingParamException

HOST: Final = "127.0.0.1"
_GRACE_S: Final = 1
_KEEP_ALIVE_S: Final = 60
_BACKLOG: Final = 2048


def listen(port: int) -> socket.socket:
    """Return a socket that listens on ``port`` of 127.0.0.1; 0 takes any free port.

    :raises GrowingParamException: when the port is taken or may not be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # On Windows the option would let two programs share the port.
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise GrowingParamException(_explained(port, error)) from error
    return listener


def _explained(port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return f"port: {port} is not a port; it must be from 0 to 65535."
    if error.errno == errno.EADDRINUSE:
        return (
            f"port: {port} on {HOST} is already in use, perhaps by another collector. "
            "Stop that program or choose another port (0 takes any free one)."
        )
    return f"port: {port} on {HOST} cannot be used ({error.strerror}). Choose another one."


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


class ServerThread:
    """Serves ``app`` on ``listener`` from construction until ``stop()``."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
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
        )
        self._server = uvicorn.Server(config)
        self._listener = listener
        # A daemon: a forgotten collector must not keep the interpreter from ending.
        self._thread = threading.Thread(target=self._run, name="growingio-collector", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener, _quiet_thread():
            asyncio.run(self._server.serve(sockets=[self._listener]))

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Answer what is being answered, for up to a second, close every connection and end."""
        self._server.should_exit = True
        self._thread.join()
