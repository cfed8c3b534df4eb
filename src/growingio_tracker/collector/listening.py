"""The sockets of one collector, and the addresses they are reached by."""

import socket
from contextlib import ExitStack
from urllib.parse import urlencode

from growingio_tracker.collector.ports import addresses_of, listen
from growingio_tracker.collector.security import TOKEN, Access
from growingio_tracker.collector.server import Tls
from growingio_tracker.collector.settings import Serving


class Listening:
    """Open sockets; ``stack`` closes them.

    ``port`` is the first, and ``access`` says who may look at what is collected.

    :raises GrowingParamException: a port is taken or may not be used.
    :raises MissingExtraError: TLS is asked for, and the package for it is not installed.
    """

    def __init__(self, port: int, serving: Serving, stack: ExitStack) -> None:
        self.listeners = [
            stack.enter_context(listen(one, serving.bind, next_port=serving.next_port))
            for one in (port, *serving.more_ports)
        ]
        self.access = Access(serving)
        self._addresses = addresses_of(serving.bind)
        self.tls = self._tls(serving, stack)
        self.port = _port(self.listeners[0])

    def _tls(self, serving: Serving, stack: ExitStack) -> Tls | None:
        if serving.tls_port is None:
            return None
        # It needs an extra of its own, which nobody else should have to install.
        from growingio_tracker.collector.certificate import certificate_for  # noqa: PLC0415

        names = dict.fromkeys(("localhost", "127.0.0.1", *self._addresses, *serving.allow_hosts))
        made = certificate_for(list(names), serving.data_folder)
        listener = listen(serving.tls_port, serving.bind, next_port=serving.next_port)
        return Tls(stack.enter_context(listener), made.certificate, made.key)

    @property
    def url(self) -> str:
        """What a client on this machine takes as its host."""
        return f"http://{self._addresses[0]}:{self.port}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port it listens on."""
        sockets = [*self.listeners, *([self.tls.listener] if self.tls else [])]
        return tuple(map(_port, sockets))

    @property
    def page_url(self) -> str:
        """What a browser opens: with the token, when one is due."""
        token = self.access.token
        return f"{self.url}/" + (f"?{urlencode({TOKEN: token})}" if token else "")

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses that clients may be given, ``url`` first."""
        ports = [("http", _port(listener)) for listener in self.listeners]
        if self.tls:
            ports.append(("https", _port(self.tls.listener)))
        return tuple(
            f"{scheme}://{address}:{port}" for address in self._addresses for scheme, port in ports
        )


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port
