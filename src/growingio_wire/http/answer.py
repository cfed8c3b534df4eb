"""Parser of HTTP responses, which accepts them in pieces of any size.

Only the status line has to be well-formed, not the headers or the body. Interim responses (1xx) are
skipped. At most 64 KiB of the head are read, and as much of the body as requested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from growingio_wire.http import ExchangeError, Response
from growingio_wire.said import Said

HEAD_BYTES: Final = 64 * 1024
"""Maximum size of a response's head, including interim responses."""

BODY_BYTES: Final = 64 * 1024
"""Default maximum size of its body: servers respond with a sentence at most."""

_PIECE_BYTES: Final = 64 * 1024
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?:[ \t][^\n]*)?\r?\n")
_BLANK_LINE: Final = re.compile(rb"(?:^|\n)\r?\n")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


class NotHttpError(ExchangeError):
    """The received bytes are not an HTTP/1 response."""


class ClosedError(ExchangeError, ConnectionResetError):
    """The connection was closed before any byte of a response arrived."""


class BrokenOffError(ExchangeError, ConnectionResetError):
    """The connection ended within the status line of a response."""


_NOT_HTTP: Final = Said("the answer is not HTTP", "返回的不是 HTTP 响应")
_ONLY_HEAD: Final = Said(
    f"no answer in the first {HEAD_BYTES:,} bytes", f"前 {HEAD_BYTES:,} 字节中没有响应"
)
_BROKE_OFF: Final = Said("the answer broke off", "连接在响应中途断开")
_CLOSED: Final = Said("closed without an answer", "连接被关闭")

Receive: TypeAlias = Callable[[int], bytes]
"""Returns at most this many bytes, none at the end of the connection; raises OSError."""


class ReadAnswer(NamedTuple):
    """A response, and whether the connection can be reused."""

    response: Response
    keeps: bool


def read_answer(receive: Receive, method: str = "POST", most_bytes: int = BODY_BYTES) -> ReadAnswer:
    """Return the final response to a request with this method.

    :raises OSError: if the connection ends, fails or sends something else before the status line is
        complete. Errors after that only make the connection unusable.
    """
    stream = _Stream(receive)
    minor, status = stream.status_line()
    while 100 <= status < 200:
        stream.head()
        minor, status = stream.status_line()
    lines, ended = stream.head()
    headers = _headers(lines)
    if not ended:
        return ReadAnswer(Response(status, headers), keeps=False)
    if method == "HEAD" or status in (204, 304) or (method == "CONNECT" and 200 <= status < 300):
        body, whole = b"", True
    else:
        body, whole = stream.body(headers, most_bytes)
    keeps = whole and minor > 0 and not stream.data and not _says_close(headers)
    return ReadAnswer(Response(status, headers, body), keeps)


class _Stream:
    """Bytes received over a connection. ``data`` is received but not yet consumed."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._room = HEAD_BYTES
        self._error: OSError | None = None
        self._has_begun = self._has_ended = False
        self.data = bytearray()

    def status_line(self) -> tuple[int, int]:
        """Parse a status line; return the minor version and the status."""
        while self.data or self._more():
            if self.data.startswith((b"\r", b"\n")):  # left over from a body
                self.data = self.data.lstrip(b"\r\n")
            if found := _STATUS_LINE.match(self.data):
                minor, status = int(found[1]), int(found[2])
                del self.data[: found.end()]
                return minor, status
            if b"\n" in self.data or not b"HTTP/1.".startswith(self.data[:7]):
                raise NotHttpError(_NOT_HTTP)
            if not self._more():
                break
        raise self._why_nothing_came()

    def head(self) -> tuple[bytes, bool]:
        """Parse the header lines; return them and whether they are complete."""
        start = 0
        while not (end := _BLANK_LINE.search(self.data, start)):
            start = max(0, len(self.data) - 2)
            if not self._more():
                lines = bytes(self.data[: self.data.rfind(b"\n") + 1])
                self.data.clear()
                return lines, False
        lines = bytes(self.data[: end.start()])
        del self.data[: end.end()]
        return lines, True

    def body(self, headers: Mapping[str, str], most: int) -> tuple[bytes, bool]:
        """Read the beginning of the body; return it and whether it is complete."""
        if "transfer-encoding" in headers:
            self._room = max(0, 2 * most - len(self.data))  # chunks have sizes beside their content
            chunked = headers["transfer-encoding"].lower() == "chunked"
            return self._chunks(most) if chunked else (self._take(most), False)
        length = _length(headers.get("content-length"))
        wanted = most if length is None else min(length, most)
        if not wanted:
            return b"", length == 0
        self._room = max(0, wanted - len(self.data))
        body = self._take(wanted)
        return body, len(body) == length

    def _chunks(self, most: int) -> tuple[bytes, bool]:
        body = bytearray()
        while size := self._chunk_size():
            body += self._take(min(size, most - len(body)))
            if len(body) == most or not self._has_line_end():
                return bytes(body), False
        return bytes(body), size == 0 and self.head()[1]

    def _chunk_size(self) -> int | None:
        """Parse the line before a chunk; return its size, or ``None`` if it has none."""
        while not (found := _CHUNK_SIZE.match(self.data)):
            if b"\n" in self.data or not self._more():
                return None
        size = int(found[1], 16)
        del self.data[: found.end()]
        return size

    def _has_line_end(self) -> bool:
        line_end = self._take(1)
        return line_end == b"\n" or line_end + self._take(1) == b"\r\n"

    def _take(self, size: int) -> bytes:
        """Take this many bytes, or as many as arrive."""
        while len(self.data) < size and self._more():
            pass
        taken = bytes(self.data[:size])
        del self.data[:size]
        return taken

    def _more(self) -> bool:
        """Receive a piece; return ``False`` at the end, or at the limit."""
        if not self._room or self._has_ended:
            return False
        try:
            piece = self._receive(min(self._room, _PIECE_BYTES))
        except OSError as error:
            self._error, self._has_ended = error, True
            return False
        self._room -= len(piece)
        self._has_begun = self._has_begun or bool(piece)
        self._has_ended = not piece
        self.data += piece
        return bool(piece)

    def _why_nothing_came(self) -> OSError:
        if isinstance(self._error, TimeoutError) or (self._error and not self._has_begun):
            return self._error
        if not self._has_ended:
            return NotHttpError(_ONLY_HEAD)
        if self._has_begun:
            return BrokenOffError(_BROKE_OFF)
        return ClosedError(_CLOSED)


def _headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in lines.decode("latin-1").split("\n"):
        if line[:1] in (" ", "\t") and name:  # continues with the line before
            headers[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower() if colon else ""
        if name:
            before = headers.get(name)
            headers[name] = value.strip() if before is None else f"{before}, {value.strip()}"
    return headers


def _length(value: str | None) -> int | None:
    """Return the length announced by the headers; ``None`` if there is none, or more than one."""
    if value is None or _LENGTH.fullmatch(value):
        return None if value is None else int(value)
    [length, *others] = {one.strip() for one in value.split(",")}
    return int(length) if not others and _LENGTH.fullmatch(length) else None


def _says_close(headers: Mapping[str, str]) -> bool:
    return "close" in headers.get("connection", "").lower()
