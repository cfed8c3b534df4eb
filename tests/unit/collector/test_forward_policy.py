"""What an answer of the next server means, and what may be told about it."""

from datetime import datetime, timezone

import pytest

from growingio_tracker.collector.forward.headers import going_on
from growingio_tracker.collector.forward.policy import Fate, backoff_s, fate, retry_after_s
from growingio_tracker.collector.forward.settings import Forwarding, check_url
from growingio_tracker.exceptions import GrowingParamException

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Fate.DONE),
        (204, Fate.DONE),
        (302, Fate.FAILED),
        (400, Fate.FAILED),
        (404, Fate.FAILED),
        (408, Fate.RETRY),
        (413, Fate.FAILED),
        (429, Fate.RETRY),
        (500, Fate.RETRY),
        (503, Fate.RETRY),
        (0, Fate.RETRY),
    ],
)
def test_fate(status: int, expected: Fate) -> None:
    """Success is done, what may pass is tried again, every other status is final."""
    assert fate(status) is expected


def test_backoff() -> None:
    """The wait doubles up to half a minute, and at least half of it is waited."""
    longest = [backoff_s(failures, lambda: 1.0) for failures in (1, 2, 3, 7, 8, 10_000)]
    assert longest == [0.5, 1.0, 2.0, 30.0, 30.0, 30.0]
    assert backoff_s(3, lambda: 0.0) == 1.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 0.0),
        ("7", 7.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("99999", 3600.0),
        ("9" * 5000, 3600.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("²", 0.0),
    ],
)
def test_retry_after(value: str | None, expected: float) -> None:
    """Seconds and dates are obeyed up to an hour, and nonsense is no wait."""
    assert retry_after_s(value, NOW) == expected


def test_headers() -> None:
    """Host, the length, what belongs to one connection and what it names stay behind."""
    came = [
        ("host", "127.0.0.1"),
        ("content-length", "3"),
        ("connection", "keep-alive, X-Mine"),
        ("x-mine", "1"),
        ("transfer-encoding", "chunked"),
        ("expect", "100-continue"),
        ("x-compress-codec", "2"),
        ("x-twice", "a"),
        ("x-twice", "b"),
        ("user-agent", "Java/17"),
        ("accept-encoding", "gzip"),
    ]
    assert list(going_on(came).items()) == [
        ("x-compress-codec", "2"),
        ("x-twice", "a"),
        ("x-twice", "b"),
        ("user-agent", "Java/17"),
        ("accept-encoding", "gzip"),
    ]


@pytest.mark.parametrize("url", ["http://h", "https://h:8443/a/b/", "http://[::1]:80"])
def test_good_url(url: str) -> None:
    """Scheme, host, port and path make an address."""
    assert check_url("to", url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:70000",
        "http://[::1",
        "http://h/a b",
        "http://h\r\nx: y",
        "https://名.cn",
        "http://u:secret@h",
        "ftp://u:secret@h",
        "http://h?a=1",
        "http://h#a",
    ],
)
def test_bad_url(url: str) -> None:
    """Anything else is refused with the argument's name, and a password is not repeated."""
    with pytest.raises(GrowingParamException, match=r"^to: ") as refused:
        check_url("to", url)
    assert "secret" not in str(refused.value)


def test_settings() -> None:
    """Values out of range are refused by name."""
    for name, value in (
        ("timeout_s", 0),
        ("timeout_s", float("nan")),
        ("keep_trying_s", -1),
        ("only", "bad"),
    ):
        with pytest.raises(GrowingParamException, match=f"^{name}: "):
            Forwarding(url="http://h", **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://localhost:8917", "https://127.0.0.1:8917/x"])
def test_itself(url: str) -> None:
    """A collector does not forward to its own port."""
    Forwarding(url=url).check_leads_away([8918])
    with pytest.raises(GrowingParamException, match=r"^forward: .* itself"):
        Forwarding(url=url).check_leads_away([80, 8917])
