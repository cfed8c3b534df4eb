"""A pasted curl command as the request that it would send."""

import base64
import binascii
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from growingio_tracker.collector.recorded import Recorded, target_of
from growingio_tracker.exceptions import GrowingParamException

_DATA: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii")
_HEADER: Final = ("-H", "--header")
_METHOD: Final = ("-X", "--request")
_AGENT: Final = ("-A", "--user-agent")
_IN_URL: Final = ("-G", "--get")
_WITH_VALUE: Final = frozenset(
    (
        *("-b", "-c", "-e", "-m", "-o", "-u", "-w", "-x", "--cacert", "--connect-timeout"),
        *("--cookie", "--max-time", "--output", "--proxy", "--referer", "--resolve", "--retry"),
        *("--user", "--write-out"),
    )
)
"""Options that take a value and change nothing that is decoded."""

_SHORT_WITH_VALUE: Final = "-dHXA"

_ANSI: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_NAMED: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def is_curl(text: str) -> bool:
    """Tell whether ``text`` is a shell line that runs curl, alone or at the end of a pipe."""
    return re.match(r"\s*(?:[^\n]*\|\s*)?curl\s", text) is not None


def read_curl(text: str) -> Recorded:
    """Return the request that the command ``text`` would send.

    A body that is piped in with ``base64 -d`` is read from the command; one in a file
    (``--data-binary @FILE``) from there.

    :raises GrowingParamException: when it is not a complete command, or its file cannot be read.
    """
    segments = _segments(_words(text))
    before, command = segments[:-1], segments[-1]
    if "curl" not in command:
        raise GrowingParamException("curl: the last command of the line must be curl.")
    piped = _piped(before)
    return _request(list(_options(command[command.index("curl") + 1 :])), piped)


def _words(text: str) -> list[str]:
    plain = _ANSI.sub(lambda found: shlex.quote(_unescaped(found[1])), text)
    try:
        return shlex.split(plain.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as error:
        raise GrowingParamException(
            f"curl: the command is not complete ({error}). Paste it whole, with all its quotes."
        ) from error


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _NAMED.get(found[3], found[3])


def _segments(words: Sequence[str]) -> list[list[str]]:
    segments: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            segments.append([])
        else:
            segments[-1].append(word)
    return segments


def _piped(before: Sequence[Sequence[str]]) -> bytes | None:
    """Return what the commands before the pipe print: the base64 text in them, decoded."""
    words = [word for segment in before for word in segment]
    if "base64" not in words:
        return None
    try:
        return base64.b64decode(max(words, key=len), validate=True)
    except binascii.Error as error:
        raise GrowingParamException(
            f"curl: what is piped into it is not base64 ({error}). Paste the command whole."
        ) from error


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield options with their values; the option of a bare word is empty."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name.startswith("--") and equals:
            yield name, value
        elif word in _WITH_VALUE or word in (*_DATA, *_HEADER, *_METHOD, *_AGENT, "--url"):
            yield word, next(rest, "")
        elif word[:1] == "-" and word[1:2] in _SHORT_WITH_VALUE and word[2:]:
            yield word[:2], word[2:]
        else:
            yield ("", word) if word[:1] != "-" else (word, "")


def _values(options: Sequence[tuple[str, str]], names: Sequence[str]) -> list[str]:
    return [value for name, value in options if name in names]


def _request(options: Sequence[tuple[str, str]], piped: bytes | None) -> Recorded:
    urls = _values(options, ("", "--url"))
    if not urls:
        raise GrowingParamException("curl: the command has no URL.")
    lines = [line.partition(":") for line in _values(options, _HEADER)]
    headers = [(name.strip(), value.strip()) for name, _, value in lines]
    headers += [("User-Agent", agent) for agent in _values(options, _AGENT)]
    parts = [_content(name, value, piped) for name, value in options if name in _DATA]
    body, target = b"&".join(parts), target_of(urls[-1])
    methods = _values(options, _METHOD)
    if any(name in _IN_URL for name, _ in options):
        separator = "&" if "?" in target else "?"
        whole = target + separator + body.decode("latin-1")
        return Recorded(method="GET", target=whole, headers=tuple(headers))
    method = methods[-1] if methods else ("POST" if parts else "GET")
    return Recorded(method=method, target=target, headers=tuple(headers), body=body)


def _content(option: str, value: str, piped: bytes | None) -> bytes:
    if option == "--data-raw" or not value.startswith("@"):
        return value.encode("utf-8", "surrogateescape")
    if value == "@-" and piped is not None:
        return piped
    try:
        return Path(value[1:]).read_bytes()
    except OSError as error:
        raise GrowingParamException(
            f"curl: the body's file {value[1:]} cannot be read ({error.strerror}). Give the "
            "command where the file is, or give the file itself instead of the command."
        ) from error
