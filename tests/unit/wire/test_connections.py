"""D7 and D9: the way to a server."""

from __future__ import annotations

import logging
import pickle
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from growingio_wire.errors import GrowingParamException
from growingio_wire.http import Request
from growingio_wire.http.connections import Route
from growingio_wire.http.sockets import Deadline, dial, resolve
from growingio_wire.http.tls import make_context, warn_of_verification

ONE_S = 1.0


def test_numbers_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """For an address no thread is started."""
    monkeypatch.setattr(threading, "Thread", None)
    [(family, address)] = resolve("127.0.0.1", 80, Deadline(ONE_S))
    assert (family, address) == (socket.AF_INET, ("127.0.0.1", 80))


def test_d7_looking_up_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer costs no more than the deadline."""
    release, real = threading.Event(), socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        if options.get("flags"):
            return real(host, *arguments, **options)
        release.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"collect\.example"):
        resolve("collect.example", 80, Deadline(0.05))
    assert time.monotonic() - begin < 30
    release.set()


def test_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up in the caller where no thread can be started."""

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading, "Thread", refuse)
    assert resolve("localhost", 80, Deadline(ONE_S))


@pytest.mark.parametrize("name", ["a" * 64, "collect.invalid", ""])
def test_unknown_names(name: str) -> None:
    """What is no name, and what nobody has, is an OSError."""
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's to say
        resolve(f"{name}.invalid", 80, Deadline(ONE_S))


def test_d7_addresses_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several addresses the dead ones leave time for the one that answers."""
    with socket.create_server(("127.0.0.1", 0)) as alive:
        port = alive.getsockname()[1]
        # Nobody routes these addresses of documentation, and elsewhere they are refused at once.
        addresses = [(socket.AF_INET, ("192.0.2.1", port))] * 2
        addresses.append((socket.AF_INET, ("127.0.0.1", port)))
        monkeypatch.setattr("growingio_wire.http.sockets.resolve", lambda *_: list(addresses))
        begin = time.monotonic()
        dial("collect.example", port, Deadline(3)).close()
        assert time.monotonic() - begin < 3


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("http://h", "h", 80, "h"),
        ("http://h:80", "h", 80, "h"),
        ("https://h:443", "h", 443, "h"),
        ("https://h:80", "h", 80, "h:80"),
        ("http://[::1]:8080/a", "::1", 8080, "[::1]:8080"),
        ("http://[fe80::1%25eth0]", "fe80::1%eth0", 80, "[fe80::1%25eth0]"),
    ],
)
def test_servers(url: str, host: str, port: int, authority: str) -> None:
    """A server's address gives where to connect to and what the Host header says."""
    route = Route(url)
    assert (route.host, route.port, route.authority) == (host, port, authority)
    assert route.next_hop == (host, port)


def test_f6_a_route_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """F6: where a pickled route arrives, the proxies of that environment are used."""
    monkeypatch.setenv("HTTP_PROXY", "http://there:1")
    monkeypatch.setenv("NO_PROXY", "")
    arrived = pickle.loads(pickle.dumps(Route("http://h")))
    assert arrived.next_hop == ("there", 1)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://h/a b", {}),
        ("http://h/\r\nx: y", {}),
        ("http://h/名", {}),
        ("http://h/", {"x": "a\r\ny: b"}),
        ("http://h/", {"x": "a\nb"}),
        ("http://h/", {"x\n": "a"}),
        ("http://h/", {"x": "名"}),
        ("http://h/", {"x": "a\0"}),
    ],
)
def test_line_breaks_are_refused(url: str, headers: dict[str, str]) -> None:
    """What would end a line of the request is refused, and not repeated in the message."""
    with pytest.raises(GrowingParamException, match="line breaks") as refused:
        Request(url, b"", headers, 1.0)
    assert refused.value.code == "not_sendable"
    assert "名" not in str(refused.value)


class TestAuthorities:
    @pytest.fixture
    def nobody(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Let this machine trust nobody, but whom a test puts into the directory."""
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        return tmp_path

    def test_d9_nobody_is_trusted(self, nobody: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A machine without any certificate authority is warned of, once for each server."""
        warn_of_verification(True, "https://h")
        assert len(caplog.messages) == 1
        assert "no certificate authorities" in caplog.messages[0]

    @pytest.mark.parametrize("name", ["none.pem", "abc.0"])
    def test_d9_somebody_is(
        self, name: str, nobody: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A file of authorities, or a directory with one, is enough."""
        (nobody / name).write_text("-----BEGIN CERTIFICATE-----")
        warn_of_verification(True, "https://h")
        assert caplog.messages == []

    @pytest.mark.parametrize("verify_cert", [True, False])
    def test_d9_http(
        self, verify_cert: bool, nobody: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Where there is no TLS, there is nothing to warn of."""
        warn_of_verification(verify_cert, "http://h")
        assert caplog.messages == []

    def test_d9_own_authority(self, nobody: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever names a file needs no authorities of the machine's."""
        warn_of_verification("ca.pem", "https://h")
        assert caplog.messages == []

    def test_d9_no_pem(self, tmp_path: Path) -> None:
        """A path without certificates is refused by its name."""
        with pytest.raises(GrowingParamException, match="none") as refused:
            make_context(str(tmp_path / "none"))
        assert refused.value.argument == "verify_cert"


def test_h3_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """H3: making a route says nothing."""
    with caplog.at_level(logging.DEBUG):
        Route("https://h")
    assert caplog.messages == []
