"""Requests to the server: an empty batch, test events, its clock, and its identity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from growingio_cli.doctor.findings import (
    Finding,
    Status,
    explain,
    explain_silence,
    explain_to_empty_list,
)
from growingio_cli.doctor.setup import Setup, speaks_tls
from growingio_tracker.config import parser_of
from growingio_tracker.delivery.formats import DataParser, JsonParser
from growingio_tracker.model.events import CustomEventMessage
from growingio_tracker.model.record import to_record
from growingio_wire.clock import now_ms
from growingio_wire.endpoints import COLLECTOR_HEADER, DOCTOR, endpoints
from growingio_wire.errors import MissingExtraError, TransportError
from growingio_wire.http import Request, Response
from growingio_wire.http.transport import OWN_HEADERS, HttpTransport
from growingio_wire.said import Said
from growingio_wire.table import Kind

TEST_EVENT: Final = "growingio_doctor_test"
TEST_VISITOR: Final = "growingio-doctor"

_AGENT: Final = f"{OWN_HEADERS['user-agent']} {DOCTOR}"
"""User-Agent of the empty list, by which the local collector tells it from a client's mistake."""

_UNNAMED: Final = "unknown"  # placeholder for an id missing from the configuration
_IN_SYNC_S: Final = 1
_FINE_S: Final = 60
_BAD_S: Final = 300


class EncodedTest(NamedTuple):
    """A body, the parser that made it, and the send time that belongs to it."""

    parser: DataParser
    body: bytes
    stm: int


def encode(setup: Setup, form: str) -> EncodedTest:
    """Return the test event in a format.

    :raises MissingExtraError: if the format needs a package that is not installed.
    """
    parser, stm = parser_of(form), now_ms()
    message = CustomEventMessage(
        None,
        TEST_EVENT,
        None,
        None,
        TEST_VISITOR,
        {"format": form},
        None,
        setup.product_id or _UNNAMED,
        setup.data_source_id or _UNNAMED,
    )
    record, _ = to_record(message, stm)
    return EncodedTest(parser, parser.encode_records(Kind.EVENT, [record], stm), stm)


def look_at_format(setup: Setup, form: str) -> Finding:
    """Encode the test event in a format, and send nothing."""
    name = f"format {form}"
    try:
        size = len(encode(setup, form).body)
    except MissingExtraError as error:
        status: Status = "bad" if form == setup.form else "skipped"
        return Finding(name, status, _NOT_INSTALLED, error.said)
    said = Said(f"encodes a test event in {size} bytes", f"测试事件编码为 {size} 字节")
    return Finding(name, "ok", said)


_NOT_INSTALLED: Final = Said("not installed", "未安装")


class Asker:
    """A client that asks one server. Close it at the end."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._transport = HttpTransport(setup.route, connections=1)
        self._address = endpoints(setup.base, setup.product_id or _UNNAMED)[Kind.EVENT]

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def look_at_answer(self) -> Iterator[Finding]:
        """Send an empty list of events, which changes nothing, and look at the answer."""
        asked = datetime.now(timezone.utc)
        try:
            response = self._post(EncodedTest(JsonParser(), b"[]", now_ms()), _AGENT)
        except TransportError as error:
            yield self._or_tls(explain_silence("answer", error, self._setup.timeout_s))
            return
        yield self._or_tls(explain_to_empty_list("answer", response))
        yield _compare_clocks(response, asked, datetime.now(timezone.utc))
        if (recognised := recognise_collector(self._setup)) is not None:
            yield recognised

    def send(self, form: str) -> Finding:
        """Send one test event in this format. The format must be installed."""
        name = f"send {form}"
        try:
            return explain(name, self._post(encode(self._setup, form)))
        except TransportError as error:
            return explain_silence(name, error, self._setup.timeout_s)

    def _post(self, encoded: EncodedTest, agent: str | None = None) -> Response:
        query = urlencode(encoded.parser.get_params(encoded.stm))
        own = {} if agent is None else {"user-agent": agent}
        return self._transport.exchange(
            Request(
                url=f"{self._address}?{query}",
                body=encoded.body,
                headers={**encoded.parser.get_headers(), **own},
                timeout_s=self._setup.timeout_s,
            )
        )

    def _or_tls(self, found: Finding) -> Finding:
        """Return what was found, or that the port wants TLS if that is what is wrong."""
        setup = self._setup
        if found.status == "ok" or setup.route.is_https or setup.proxy or not speaks_tls(setup):
            return found
        return Finding("answer", "bad", _WANTS_TLS, _SAY_HTTPS)


_WANTS_TLS: Final = Said(
    "the server speaks TLS on this port, but server_host starts with http://",
    "该端口使用 TLS，而 server_host 以 http:// 开头",
)
_SAY_HTTPS: Final = Said(
    "Make server_host start with https://.", "请把 server_host 改为以 https:// 开头。"
)


class _CollectorInfo(msgspec.Struct):
    version: str
    urls: list[str]


def recognise_collector(setup: Setup) -> Finding | None:
    """Return that the server is the local collector, if it is; otherwise None."""
    parts = urlsplit(setup.base)
    url = f"{parts.scheme}://{parts.netloc}/api/v1/info"
    transport = HttpTransport(setup.route, connections=0)
    try:
        answer = transport.exchange(Request(url, b"", {}, setup.timeout_s, "GET"))
    except TransportError:
        return None
    return _of_info(answer.body) if COLLECTOR_HEADER.lower() in answer.headers else None


def _of_info(body: bytes) -> Finding:
    try:
        info = msgspec.json.decode(body, type=_CollectorInfo)
    except (msgspec.DecodeError, UnicodeDecodeError):  # it asks for a token
        return Finding("collector", "ok", Said("this is the local collector", "这是本地采集器"))
    said = Said(
        f"this is the local collector {info.version}; {info.urls[0]}/ shows what arrives",
        f"这是本地采集器 {info.version}；收到的内容见 {info.urls[0]}/",
    )
    return Finding("collector", "ok", said)


def _compare_clocks(response: Response, asked: datetime, answered: datetime) -> Finding:
    """Compare the server's ``Date`` with the middle of asking and being answered."""
    server = _date(response)
    if server is None:
        said = Said("the server does not send its time", "服务器没有返回时间")
        return Finding("clock", "skipped", said)
    ahead_s = (asked + (answered - asked) / 2 - server).total_seconds()
    apart_s = abs(ahead_s)
    if apart_s <= _FINE_S:
        return Finding("clock", "ok", _nearly(max(_IN_SYNC_S, math.ceil(apart_s))))
    way, way_zh = ("ahead of", "快") if ahead_s > 0 else ("behind", "慢")
    said = Said(
        f"this machine's clock is {_span(apart_s, _UNITS)} {way} the server's",
        f"本机时钟比服务器{way_zh} {_span(apart_s, _UNITS_ZH)}",
    )
    return Finding("clock", "bad" if apart_s > _BAD_S else "warn", said, _SET)


def _nearly(seconds: int) -> Said:
    return Said(f"in sync (within {seconds} s)", f"与服务器一致（相差不超过 {seconds} 秒）")


_UNITS: Final = ("s", "min", "h")
_UNITS_ZH: Final = ("秒", "分钟", "小时")


def _span(seconds: float, units: tuple[str, str, str]) -> str:
    """Return a time in the unit that one thinks in."""
    if seconds < 120:
        return f"{seconds:.0f} {units[0]}"
    return (
        f"{seconds / 60:.0f} {units[1]}" if seconds < 7200 else f"{seconds / 3600:.1f} {units[2]}"
    )


_SET: Final = Said(
    "Set this machine's clock, for example with NTP: events carry its time.",
    "请校准本机时钟（例如使用 NTP）：事件使用的是本机时间。",
)


def _date(response: Response) -> datetime | None:
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
