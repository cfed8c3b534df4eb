"""D9: HTTP_PROXY, HTTPS_PROXY, NO_PROXY and credentials are really used."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from delivering.proxies import Proxy
from delivering.rig import track
from delivering.servers import Server, refused_url, then_close
from growingio_tracker import DefaultConsumer, GrowingParamException, RejectedError, TransportError
from growingio_wire.http import Request
from growingio_wire.http.transport import open_transport

CREDENTIALS = "Basic " + b64encode(b"user:p@ss word").decode()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture
def closed_proxy() -> Iterator[Proxy]:
    """A proxy that wants credentials."""
    proxy = Proxy(CREDENTIALS)
    yield proxy
    proxy.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server with TLS, and the file of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    with Server(tls=context) as server:
        yield server, str(path)


def send(url: str, verify_cert: bool | str = True) -> None:
    with DefaultConsumer("p", "d", url, retry_limit=0, verify_cert=verify_cert) as consumer:
        track(consumer, "a", "b")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_d9_http_proxy(
    name: str, proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests go to the proxy with the whole address, and arrive."""
    monkeypatch.setenv(name, proxy.url)
    send(server.url)
    assert [r.target.partition("?")[0] for r in proxy.received] == [
        f"{server.url}/v3/projects/p/collect"
    ] * 2
    assert server.names == ["a", "b"]
    assert server.received[0].target.startswith("/v3/projects/p/collect?stm=")


def test_d9_proxy_without_scheme(
    proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy written as host:port works, as it does elsewhere."""
    monkeypatch.setenv("HTTP_PROXY", proxy.address)
    send(server.url)
    assert len(proxy.received) == 2


def test_d9_credentials(
    closed_proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials in the proxy's address are sent to it, decoded, and not to the server."""
    monkeypatch.setenv("HTTP_PROXY", f"http://user:p%40ss%20word@{closed_proxy.address}")
    send(server.url)
    assert len(server.received) == 2
    assert "proxy-authorization" not in server.received[0].headers


def test_d9_wrong_credentials(
    closed_proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused credentials are an error in which they do not appear."""
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@{closed_proxy.address}")
    with pytest.raises(RejectedError, match="407") as raised:
        send(server.url)
    assert "secret" not in str(raised.value)


def test_d9_https_proxy(
    proxy: Proxy, tls_server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS goes through a tunnel; the server gets a path, as from any client, and is verified."""
    server, ca_file = tls_server
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    send(server.url, ca_file)
    assert [(r.method, r.target) for r in proxy.received] == [
        ("CONNECT", server.url.removeprefix("https://"))
    ]
    assert server.received[0].target.startswith("/v3/projects/p/collect?stm=")
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        send(server.url)


def test_d9_https_proxy_with_credentials(
    closed_proxy: Proxy, tls_server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tunnel is asked for with the credentials, which the server never sees."""
    server, ca_file = tls_server
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%40ss%20word@{closed_proxy.address}")
    send(server.url, ca_file)
    assert closed_proxy.received[0].headers["proxy-authorization"] == CREDENTIALS
    assert "proxy-authorization" not in server.received[0].headers


def test_d9_https_proxy_unverified(
    proxy: Proxy, tls_server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """verify_cert=False works through a tunnel, with warnings as errors."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    send(tls_server[0].url, verify_cert=False)
    assert len(tls_server[0].received) == 2


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "*", "example.org,127.0.0.1"])
def test_d9_no_proxy(
    no_proxy: str, proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What NO_PROXY names is asked directly."""
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    send(server.url)
    assert (len(server.received), proxy.received) == (2, [])


def test_d9_the_other_scheme(proxy: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY does not concern http:// addresses."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    send(server.url)
    assert (len(server.received), proxy.received) == (2, [])


def test_d9_dead_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody answers at is a failure to deliver; the server is not asked directly."""
    dead = refused_url().replace("http://", "http://user:secret@")
    monkeypatch.setenv("HTTP_PROXY", dead)
    with pytest.raises(TransportError) as raised:
        send(server.url)
    assert "secret" not in str(raised.value)
    assert server.received == []


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "ftp://user:secret@127.0.0.1"])
def test_d9_unusable_proxy(address: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of an unknown kind is refused, without its address, which may hold a password."""
    monkeypatch.setenv("HTTP_PROXY", address)
    with pytest.raises(GrowingParamException, match="HTTP_PROXY") as raised:
        send(server.url)
    assert "secret" not in str(raised.value)


class TestProxyOverTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def ca_file(self, authority: trustme.CA, tmp_path: Path) -> str:
        path = tmp_path / "own.pem"
        authority.cert_pem.write_to_path(str(path))
        return str(path)

    @pytest.fixture
    def context(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    @pytest.fixture
    def secure_proxy(self, context: ssl.SSLContext) -> Iterator[Proxy]:
        proxy = Proxy(CREDENTIALS, tls=context)
        yield proxy
        proxy.close()

    @pytest.fixture(autouse=True)
    def environment(self, secure_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", f"https://user:p%40ss%20word@{secure_proxy.address}")

    def test_d9_forwarding(self, secure_proxy: Proxy, server: Server, ca_file: str) -> None:
        """A proxy may be spoken to over TLS, and its certificate is checked as the server's is."""
        send(server.url, ca_file)
        assert (len(secure_proxy.received), server.names) == (2, ["a", "b"])
        with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            send(server.url)

    def test_d9_tunnel(self, secure_proxy: Proxy, context: ssl.SSLContext, ca_file: str) -> None:
        """One TLS connection goes through another, and is used for one request after another."""
        with Server(tls=context) as server:
            send(server.url, ca_file)
            assert (server.names, server.connections) == (["a", "b"], 1)
        assert [request.method for request in secure_proxy.received] == ["CONNECT"]

    def test_d9_large_body(self, context: ssl.SSLContext, ca_file: str) -> None:
        """A body that takes many records of TLS arrives as it was sent."""
        body = bytes(range(256)) * 20_000
        with Server(tls=context) as server:
            transport = open_transport(server.url, verify_cert=ca_file)
            answer = transport.exchange(Request(server.url + "/", body, {}, 20.0))
            transport.close()
            assert (answer.status, server.received[0].body) == (204, body)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "tunnel_refused"),
        (b"garbage\r\n\r\n", "not_http"),
        (b"", "closed"),
        (b"HTTP/1.1", "cut_off"),
    ],
)
def test_d7_no_tunnel(answer: bytes, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy says instead of opening a tunnel is told apart, without its credentials."""
    with Server(then_close(answer)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:secret@"))
        with pytest.raises(TransportError) as raised:
            send("https://collect.example")
    assert raised.value.code == code
    assert "secret" not in str(raised.value)


def test_d7_trickling_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answers a byte at a time holds nobody up beyond the deadline."""
    over = threading.Event()

    def trickle(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 ")
        while not over.wait(0.02):
            connection.sendall(b"x")
        return False

    with Server(trickle) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        url, begin = "https://collect.example", time.monotonic()
        with pytest.raises(TransportError, match="timed out"):
            open_transport(url).exchange(Request(url + "/", b"", {}, 0.3))
        assert time.monotonic() - begin < 15
        over.set()
