"""server_host (promise A4)."""

from __future__ import annotations

from typing import Any

import pytest

from growingio_tracker import Consumer, DefaultConsumer, GrowingParamException, GrowingTracker
from growingio_tracker.testing import MemoryTransport
from growingio_wire.endpoints import base_url, endpoints
from growingio_wire.table import Kind

PATHS = {
    Kind.EVENT: "/v3/projects/p1/collect",
    Kind.ITEM: "/projects/p1/collect/item",
    Kind.MAPPING: "/projects/p1/collect/user-mapping",
}


@pytest.mark.parametrize(
    ("server_host", "base"),
    [
        ("http://api.test", "http://api.test"),
        ("http://api.test/", "http://api.test"),
        ("http://api.test///", "http://api.test"),
        ("https://api.test:8443", "https://api.test:8443"),
        ("https://api.test:/", "https://api.test"),
        ("http://api.test/prefix", "http://api.test/prefix"),
        ("http://api.test/a/b/", "http://api.test/a/b"),
        ("http://api.test/a%20b/{}", "http://api.test/a%20b/%7B%7D"),
        ("http://api.test/采集/", "http://api.test/%E9%87%87%E9%9B%86"),
        ("HTTPS://Api.Test", "https://Api.Test"),
        ("http://api_1.test.", "http://api_1.test."),
        ("http://例え.jp:80/x", "http://xn--r8jz45g.jp:80/x"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://api.test?", "http://api.test"),
        ("http://api.test/#", "http://api.test"),
    ],
)
def test_a4_usable(server_host: str, base: str) -> None:
    """A4: slashes at the end, a port, a path prefix and any alphabet give the right addresses."""
    assert endpoints(server_host, "p1") == {kind: base + path for kind, path in PATHS.items()}


@pytest.mark.parametrize(
    "server_host",
    [
        "",
        " ",
        "/",
        "api.test",
        "api.test:80",
        "//api.test",
        "http:",
        "http://",
        "http:///path",
        "http://:80",
        "http:/api.test",
        "ftp://api.test",
        "file:///etc/hosts",
        "javascript:alert(1)",
        "http://api.test:port",
        "http://api.test:99999",
        "http://api.test/?a=1",
        "http://api.test/#a",
        " http://api.test",
        "http://api.test ",
        "http://api.test\n",
        "http://api .test",
        "http://api.test/a b",
        "http://api.test/\u3000",
        "http://api.test/\x00",
        "http://a..b",
        "http://.test",
        f"http://{'a' * 64}.test",
        "http://a%20b",
        "http://a,b",
        "http://[::1",
        "http://[::1]x",
        "http://\ud800.test",
        None,
        5,
        b"http://api.test",
        ["http://api.test"],
    ],
    ids=ascii,
)
def test_a4_unusable(server_host: Any) -> None:
    """A4: an unusable server_host is a GrowingParamException at construction that names it."""
    for construct in (Consumer, DefaultConsumer, GrowingTracker):
        with pytest.raises(GrowingParamException, match="server_host"):
            construct("p1", "ds1", server_host)


@pytest.mark.parametrize(
    "server_host",
    [
        "http://user:secret@api.test",
        "http://secret@api.test",
        "https://user:secret@api.test:8443/x",
        "user:secret@api.test",
        " http://user:secret@api.test",
        "http:/user:secret@api.test",
        "http://user:secret@[::1",
        "ftp://user:secret@api.test",
        "http://user:secret@api.test?a=1",
    ],
)
def test_a4_credentials(server_host: str) -> None:
    """A4: an address with credentials is refused without repeating them."""
    with pytest.raises(GrowingParamException, match="server_host") as raised:
        base_url(server_host)
    assert "secret" not in str(raised.value)


def test_product_id_is_quoted() -> None:
    """A product id becomes one segment of the path, whatever it holds."""
    assert endpoints("http://h", "a/b ?{}项")[Kind.EVENT] == (
        "http://h/v3/projects/a%2Fb%20%3F%7B%7D%E9%A1%B9/collect"
    )


def test_a4_requests_go_there() -> None:
    """A4: requests go to the addresses of their kind, with stm as the only parameter."""
    transport = MemoryTransport()
    consumer = DefaultConsumer("p1", "ds1", "http://h/prefix/", transport=transport)
    tracker = GrowingTracker.consumer(consumer)
    tracker.track_custom_event("e", anonymous_id="v")
    tracker.submit_item("product", "1")
    tracker.track_user_mapping({"phone": "1"})
    assert [request.url.partition("?")[0] for request in transport.requests] == [
        f"http://h/prefix{path}" for path in PATHS.values()
    ]
    assert all(request.url.partition("?")[2][:4] == "stm=" for request in transport.requests)
