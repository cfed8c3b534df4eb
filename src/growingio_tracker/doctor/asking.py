"""Asking the server: with an empty list, and with test events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Final
from urllib.parse import urlencode

from growingio_tracker._clock import now_ms
from growingio_tracker.doctor.answers import explain, explain_to_empty_list
from growingio_tracker.doctor.certificates import speaks_tls
from growingio_tracker.doctor.clock import look_at_clock
from growingio_tracker.doctor.encoding import UNNAMED, Encoded, encode
from growingio_tracker.doctor.finding import Finding, finding
from growingio_tracker.doctor.silence import explain_silence
from growingio_tracker.doctor.target import Target
from growingio_tracker.exceptions import TransportError
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.transport.base import Request, Response
from growingio_tracker.transport.endpoints import endpoints
from growingio_tracker.transport.http import HttpTransport
from growingio_tracker.wire import Kind


class Asker:
    """Asks one server. Close it at the end."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport = HttpTransport(target.base, verify_cert=target.verify_cert, connections=1)
        self._address = endpoints(target.base, target.product_id or UNNAMED)[Kind.EVENT]

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def look_at_answer(self) -> Iterator[Finding]:
        """Send an empty list of events, which changes nothing, and look at the answer."""
        asked = datetime.now(timezone.utc)
        try:
            response = self._post(Encoded(JsonParser(), b"[]", now_ms()))
        except TransportError as error:
            yield self._or_tls(explain_silence("answer", error, self._target))
            return
        yield self._or_tls(explain_to_empty_list("answer", response))
        yield look_at_clock(response, asked, datetime.now(timezone.utc))

    def send(self, form: str) -> Finding:
        """Send one test event in this format. The format must be installed."""
        name = f"send {form}"
        try:
            return explain(name, self._post(encode(self._target, form)))
        except TransportError as error:
            return explain_silence(name, error, self._target)

    def _post(self, encoded: Encoded) -> Response:
        query = urlencode(encoded.parser.get_params(encoded.stm))
        return self._transport.exchange(
            Request(
                url=f"{self._address}?{query}",
                body=encoded.body,
                headers=encoded.parser.get_headers(),
                timeout_s=self._target.timeout_s,
            )
        )

    def _or_tls(self, found: Finding) -> Finding:
        """Return what was found, or that the port wants TLS if that is what is wrong."""
        target = self._target
        if found.status == "ok" or target.is_https or target.proxy or not speaks_tls(target):
            return found
        return finding("answer", "bad", _WANTS_TLS, _SAY_HTTPS)


_WANTS_TLS: Final = (
    "the server speaks TLS at this port, and server_host begins with http://",
    "该端口使用 TLS，而 server_host 以 http:// 开头",
)
_SAY_HTTPS: Final = (
    "Let server_host begin with https://.",
    "请把 server_host 改为以 https:// 开头。",
)
