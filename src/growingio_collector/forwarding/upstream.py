"""Exchanges with the target server, for new requests and for stored ones."""

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from urllib3 import HTTPHeaderDict

from growingio_collector.receiving.exchanges import split_run
from growingio_collector.receiving.masking import is_masked
from growingio_collector.settings import check_url
from growingio_collector.store.forwards import UpstreamAnswer
from growingio_collector.store.reading import find_request
from growingio_collector.store.rows import StoredRequest
from growingio_collector.store.schema import reading
from growingio_wire.errors import GrowingParamException, TransportError
from growingio_wire.http import Request, Response
from growingio_wire.http.answer import BODY_BYTES
from growingio_wire.http.connections import Route
from growingio_wire.http.retry import RetryPolicy, Verdict
from growingio_wire.http.transport import HttpTransport
from growingio_wire.said import Said

POLICY: Final = RetryPolicy(
    0, backoff_factor=0.5, backoff_cap_s=30.0, jitter=0.5, retry_after_cap_s=3600.0
)
"""Pauses after failures.

They double from half a second to half a minute. Half of each is random, so that several gateways do
not return at the same time.
"""

_OF_ONE_CONNECTION: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_MADE_ANEW: Final = frozenset({"host", "content-length"})
_SHOWN_ERROR: Final = 500
_ZLIB_OR_GZIP: Final = 47


class Upstream:
    """Sends requests to one server, through the proxy that the environment names.

    Usable from several threads.

    :param url: scheme, host, port, and a prefix for the path of every request.
    :param timeout_s: maximum seconds for a whole request.
    :param verify_cert: ``True``, ``False`` or the path of a PEM file, as for consumers.
    :param argument: the caller's name for the address.
    :raises GrowingParamException: if the address, the file or the proxy cannot be used.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float,
        argument: str = "forward",
        *,
        verify_cert: bool | str = True,
    ) -> None:
        parts = check_url(argument, url)
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._timeout_s = timeout_s
        route = Route.by_environment(url, verify_cert=verify_cert)
        # Do not add a User-Agent if the client sent none.
        self._transport = HttpTransport(route, own_headers={})

    def send(self, request: StoredRequest) -> UpstreamAnswer:
        """Send one request unchanged, and return the response or why there was none."""
        try:
            response = self._transport.exchange(
                Request(
                    self._base + split_run(request.target)[1],
                    request.body,
                    going_on(request.headers),
                    self._timeout_s,
                    request.method,
                )
            )
        except (TransportError, GrowingParamException) as error:
            return UpstreamAnswer(error=Said(*(one[:_SHOWN_ERROR] for one in error.said)))
        headers = response.headers
        wait_s = POLICY.retry_after_s(headers)
        return UpstreamAnswer(
            response.status, _content(response), headers.get("content-type"), wait_s
        )

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._transport.close()


def going_on(headers: Iterable[tuple[str, str]]) -> HTTPHeaderDict:
    """Return the headers to send: without Host, hop-by-hop headers, and masked values."""
    came = [(name.lower(), value) for name, value in headers]
    named = ",".join(value for name, value in came if name == "connection").lower().split(",")
    left_out = _OF_ONE_CONNECTION | _MADE_ANEW | {name.strip() for name in named}
    result = HTTPHeaderDict()
    for name, value in came:
        if name not in left_out and not is_masked(name, value):
            result.add(name, value)
    return result


def _content(response: Response) -> bytes:
    """Return the body, decompressed if the client asked for compression and got it."""
    if response.headers.get("content-encoding", "").lower() not in ("gzip", "deflate"):
        return response.body
    try:
        return zlib.decompressobj(_ZLIB_OR_GZIP).decompress(response.body, BODY_BYTES)
    except zlib.error:
        return response.body


Choice = Literal["all", "failed", "bad", "good"]

_TRIES: Final = 3
_LONGEST_WAIT_S: Final = 30.0

# Requests without a project were not for a collect path; incomplete or too large ones were stored
# only in part.
_WHOLE: Final = """
SELECT id FROM request WHERE received_us >= ? AND method IN ('POST', 'GET')
AND EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND project IS NOT NULL)
AND NOT EXISTS (
    SELECT 1 FROM event JOIN problem ON event_id = event.id
    WHERE request_id = request.id AND code IN ('too_large', 'broken_off')
)
"""
_BAD: Final = "EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND verdict = 'bad')"
_CHOSEN: Final[dict[Choice, str]] = {
    "all": "1",
    "failed": "id IN (SELECT request_id FROM forward WHERE state = 'failed')",
    "bad": _BAD,
    "good": f"NOT {_BAD}",
}


class Sent(NamedTuple):
    """One sent request, and its response."""

    request_id: int
    answer: UpstreamAnswer

    @property
    def arrived(self) -> bool:
        """Whether the server accepted it."""
        return self.answer.verdict is Verdict.DELIVERED


def choose(path: Path, only: Choice, since_us: int = 0) -> list[int]:
    """Return the ids of the requests that can be sent again, oldest first.

    :param only: ``"failed"`` are those whose forwarding failed finally, ``"bad"`` those with a bad
        event, ``"good"`` all others.
    :param since_us: only those received since then, in Unix microseconds.
    """
    query = f"{_WHOLE} AND {_CHOSEN[only]} ORDER BY id"
    with reading(path) as connection:
        return [row["id"] for row in connection.execute(query, (since_us,))]


def send_again(
    path: Path,
    request_ids: Sequence[int],
    upstream: Upstream,
    pace: float,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[Sent]:
    """Send stored requests unchanged, one by one, and yield the outcome of each.

    A request that the server may accept later is sent up to three times. Requests removed in the
    meantime are skipped.

    :param pace: maximum requests per second.
    """
    for request_id in request_ids:
        request = find_request(path, request_id)
        if request:
            begun = time.monotonic()
            yield Sent(request_id, _send_patiently(upstream, request, sleep))
            sleep(max(0.0, begun + 1 / pace - time.monotonic()))


def _send_patiently(
    upstream: Upstream, request: StoredRequest, sleep: Callable[[float], object]
) -> UpstreamAnswer:
    for failed in range(_TRIES - 1):
        answer = upstream.send(request)
        if answer.verdict is not Verdict.RETRY:
            return answer
        sleep(min(_LONGEST_WAIT_S, max(answer.retry_after_s, POLICY.backoff_s(failed))))
    return upstream.send(request)
