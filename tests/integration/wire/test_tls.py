"""D9: HTTPS, checked by default."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from delivering.rig import track
from delivering.servers import Server
from growingio_tracker import (
    AsyncBufferedConsumer,
    DefaultConsumer,
    GrowingParamException,
    TransportError,
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def server(server_context: ssl.SSLContext) -> Iterator[Server]:
    with Server(tls=server_context) as server:
        yield server


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def consumer(url: str, verify_cert: bool | str, retry_limit: int = 0) -> DefaultConsumer:
    return DefaultConsumer("p", "d", url, verify_cert=verify_cert, retry_limit=retry_limit)


def test_d9_verified_by_default(server: Server) -> None:
    """A certificate of an unknown authority is refused, and nothing is sent."""
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        track(DefaultConsumer("p", "d", server.url, retry_limit=0), "a")
    assert server.received == []


def test_d9_own_authority(server: Server, ca_file: str) -> None:
    """verify_cert="path/to/ca.pem" trusts that authority."""
    with consumer(server.url, ca_file) as one:
        track(one, "a", "b")
    assert server.names == ["a", "b"]
    assert server.connections == 1


def test_d9_wrong_name(authority: trustme.CA, ca_file: str) -> None:
    """A certificate of the right authority for another host is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    with Server(tls=context) as server, pytest.raises(TransportError, match="certificate"):
        track(consumer(server.url, ca_file), "a")


def test_d9_unverified_warns_once(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """verify_cert=False warns once, when the consumer is made, and sends without a word more.

    Warnings are errors in these tests, so urllib3's own would be a failure to deliver.
    """
    with caplog.at_level(logging.WARNING):
        one = consumer(server.url, verify_cert=False)
        assert len(caplog.messages) == 1
        assert "verify_cert=False" in caplog.messages[0]
        track(one, "a")
        server.drop_connections()
        track(one, "b")
    assert len(caplog.messages) == 1
    assert server.names == ["a", "b"]
    one.close()


def test_d9_unverified_in_the_background(server: Server) -> None:
    """verify_cert=False works in the background, too."""
    with AsyncBufferedConsumer("p", "d", server.url, verify_cert=False) as one:
        track(one, "a")
    assert server.names == ["a"]


def test_d9_no_warning_about_http(caplog: pytest.LogCaptureFixture) -> None:
    """verify_cert=False changes nothing at an http:// address, so it warns of nothing."""
    consumer("http://collect.example", verify_cert=False)
    assert caplog.messages == []


@pytest.mark.parametrize("content", [None, "", "no certificate"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_d9_unusable_path(tmp_path: Path, content: str | None, scheme: str) -> None:
    """A path that is no PEM file of certificates is refused at construction, and named."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(GrowingParamException, match=r"ca\.pem"):
        consumer(f"{scheme}://collect.example", str(path))


@pytest.mark.parametrize("value", [None, 1, 0, b"ca.pem", Path("ca.pem")])
def test_d9_unusable_value(value: object) -> None:
    """Anything but a bool or a str is refused at construction."""
    with pytest.raises(GrowingParamException, match="verify_cert must be"):
        consumer("https://collect.example", value)  # type: ignore[arg-type]


def test_d7_dead_connection_over_tls(server: Server, ca_file: str) -> None:
    """D7: a kept-alive TLS connection that the server has closed is replaced without a retry."""
    with consumer(server.url, ca_file) as one:
        for name in "abc":
            track(one, name)
            server.drop_connections()
        server.answer_next(200, None)
        track(one, "d", "e")
        assert (one.stats().delivered, one.stats().retries) == (5, 0)


def test_plain_http_to_a_tls_port(server: Server) -> None:
    """Talking HTTP to an HTTPS port is a failure to deliver."""
    with pytest.raises(TransportError):
        track(consumer(server.url.replace("https", "http"), verify_cert=True), "a")
