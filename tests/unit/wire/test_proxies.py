"""D9: proxies as the environment names them."""

from __future__ import annotations

import os
from base64 import b64decode

import pytest

from growingio_wire.errors import GrowingIOException, GrowingParamException, ProxyError
from growingio_wire.http.proxies import find_proxy


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take proxies out of the environment, and name one that everything goes through."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")


def is_direct(url: str, no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    return find_proxy(url) is None


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("*", "http://collect.example.com"),
        ("collect.example.com", "http://collect.example.com:8080"),
        ("COLLECT.example.com", "http://collect.Example.com."),
        ("example.com", "http://collect.example.com"),
        (".example.com", "http://collect.example.com"),
        (".example.com", "http://example.com"),
        ("*.example.com", "http://collect.example.com"),
        ("a.org, example.com ,b.org", "http://collect.example.com"),
        ("a.org example.com", "http://collect.example.com"),
        ("collect.example.com:8080", "http://collect.example.com:8080"),
        ("example.com:443", "https://collect.example.com"),
        ("10.0.0.0/8", "http://10.20.30.40"),
        ("10.1.2.3/8", "http://10.20.30.40"),
        ("10.20.30.40", "http://10.20.30.40:99"),
        ("10.20.30.40:99", "http://10.20.30.40:99"),
        ("::1", "http://[::1]:8080"),
        ("[::1]", "http://[::1]:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("0:0::1", "http://[::1]:8080"),
        ("fe80::/10", "http://[fe80::1%25eth0]"),
    ],
)
def test_d9_named_by_no_proxy(no_proxy: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, addresses and networks, with and without a port, are asked directly."""
    assert is_direct(url, no_proxy, monkeypatch)


@pytest.mark.parametrize(
    ("no_proxy", "url"),
    [
        ("", "http://collect.example.com"),
        (",, ,", "http://collect.example.com"),
        (".", "http://collect.example.com"),
        ("example.com", "http://notexample.com"),
        ("collect.example.com", "http://example.com"),
        ("collect.example.com:8080", "http://collect.example.com"),
        ("collect.example.com:8080", "http://collect.example.com:80"),
        ("10.0.0.0/8", "http://11.0.0.1"),
        ("10.0.0.0/8", "http://collect.example.com"),
        ("10.0.0.0/99", "http://10.0.0.1"),
        ("10.20.30.40:98", "http://10.20.30.40:99"),
        ("[::1]:8081", "http://[::1]:8080"),
        ("::2", "http://[::1]:8080"),
    ],
)
def test_d9_not_named_by_no_proxy(no_proxy: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else goes through the proxy."""
    assert not is_direct(url, no_proxy, monkeypatch)


def test_d9_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme's own variable wins over ALL_PROXY, and lower case over upper case."""
    monkeypatch.setenv("HTTPS_PROXY", "http://upper:1")
    monkeypatch.setenv("https_proxy", "lower:2")
    found = find_proxy("https://h")
    assert found is not None
    assert (found.scheme, found.host, found.port) == ("http", "lower", 2)
    assert found.origin == "https_proxy"
    other = find_proxy("http://h")
    assert other is not None
    assert (other.host, other.origin) == ("proxy", "ALL_PROXY")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://p", ("http", "p", 80)),
        ("https://p", ("https", "p", 443)),
        ("p:3128", ("http", "p", 3128)),
        (" http://p:3128/ ", ("http", "p", 3128)),
        ("http://[::1]:3128", ("http", "::1", 3128)),
        ("HTTP://P:3128", ("http", "p", 3128)),
    ],
)
def test_d9_addresses(
    address: str, expected: tuple[str, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's address may be short, and leave out the port."""
    monkeypatch.setenv("HTTP_PROXY", address)
    found = find_proxy("http://h")
    assert found is not None
    assert (found.scheme, found.host, found.port) == expected


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [
        ("user:p%40ss%20word", b"user:p@ss word"),
        ("user", b"user:"),
        ("us%C3%A9r:x", "usér:x".encode("latin-1")),
        ("u:%E5%AF%86", "u:密".encode()),
    ],
)
def test_d9_credentials(credentials: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are decoded, whatever characters they hold, and shown by nothing."""
    monkeypatch.setenv("HTTP_PROXY", f"http://{credentials}@p:1")
    found = find_proxy("http://h")
    assert found is not None
    assert b64decode(found.authorization.removeprefix("Basic ")) == sent
    assert found.authorization not in repr(found)


@pytest.mark.parametrize(
    "address",
    [
        "socks5://u:s3cret@p:1",
        "socks5h://p:1",
        "ftp://p",
        "http://u:s3cret@p:99999",
        "http://u:s3cret@p:port",
        "http://u:s3cret@p:0",
        "http://u:s3cret@[::1",
        "http://u:s3cret@",
        "u:s3cret@p:x",
        "http://",
    ],
)
def test_d9_wrong_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be used is refused by the variable's name, and its password is not repeated."""
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(ProxyError, match="the proxy in ALL_PROXY cannot be used") as refused:
        find_proxy("http://h")
    error: BaseException | None = refused.value
    assert isinstance(error, GrowingParamException)
    assert isinstance(error, GrowingIOException)
    assert (error.argument, error.code) == ("ALL_PROXY", "unusable_proxy")
    while error is not None:
        assert "s3cret" not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_d9_wrong_but_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not asked for may be as wrong as it likes."""
    monkeypatch.setenv("ALL_PROXY", "socks5://p:1")
    assert is_direct("http://h", "h", monkeypatch)


def test_d9_programs_of_web_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a CGI program HTTP_PROXY is a header that anybody can send, and is not read."""
    monkeypatch.delenv("ALL_PROXY")
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    monkeypatch.setenv("HTTP_PROXY", "http://anybody:1")
    assert find_proxy("http://h") is None
