"""What an answer of the next server means, and what may be told about it."""

import pytest

from growingio_collector.forwarding.upstream import POLICY, going_on
from growingio_collector.settings import Forwarding, check_url
from growingio_collector.store.forwards import UpstreamAnswer
from growingio_tracker.exceptions import GrowingParamException
from growingio_wire.http.retry import Verdict


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (302, Verdict.MISCONFIGURED),
        (400, Verdict.SPLIT),
        (404, Verdict.MISCONFIGURED),
        (408, Verdict.RETRY),
        (413, Verdict.SPLIT),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (503, Verdict.RETRY),
        (0, Verdict.RETRY),
    ],
)
def test_verdict(status: int, expected: Verdict) -> None:
    """An answer means what it means to the SDK, and none that the server may take it later."""
    assert UpstreamAnswer(status).verdict is expected


def test_backoff() -> None:
    """The wait doubles up to half a minute, and at least half of it is waited."""
    longest = [POLICY.backoff_s(failed, lambda: 1.0) for failed in (0, 1, 2, 6, 7, 10_000)]
    assert longest == [0.5, 1.0, 2.0, 30.0, 30.0, 30.0]
    assert POLICY.backoff_s(2, lambda: 0.0) == 1.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("99999", 3600.0),
        ("9" * 5000, 3600.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("²", 0.0),
    ],
)
def test_retry_after(value: str, expected: float) -> None:
    """Seconds and dates are obeyed up to an hour, and nonsense is no wait."""
    assert POLICY.retry_after_s({"retry-after": value}) == expected


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
        ("verify_cert", None),
        ("verify_cert", "no.pem"),
    ):
        with pytest.raises(GrowingParamException, match=f"^{name}"):
            Forwarding(url="http://h", **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://localhost:8917", "https://127.0.0.1:8917/x"])
def test_itself(url: str) -> None:
    """A collector does not forward to its own port."""
    Forwarding(url=url).check_leads_away([8918])
    with pytest.raises(GrowingParamException, match=r"^forward: .* itself"):
        Forwarding(url=url).check_leads_away([80, 8917])
