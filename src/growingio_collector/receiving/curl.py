"""Conversion of a stored request to a curl command for a POSIX shell."""

import base64
import binascii
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from growingio_collector.receiving.masking import is_masked
from growingio_collector.receiving.recorded import Recorded, target_of
from growingio_collector.store.rows import StoredRequest
from growingio_wire.errors import invalid

_OF_THE_CONNECTION: Final = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "expect", "accept-encoding"}
)
_ADDED_BY_CURL: Final = ("accept", "content-type", "user-agent")

# An untrusted header must not be read as a file name (@) or break the line.
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRINTABLE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


def curl_command(request: StoredRequest, url: str) -> str:
    """Return the command that sends ``request`` to ``url`` (scheme, host and port) again.

    Text goes into the command line; anything else comes out of ``base64 -d``.
    """
    words = ["curl", "--globoff", "--path-as-is", "-X", request.method, *_headers(request)]
    address = [url + request.target]
    if not request.body:
        return shlex.join(words + address)
    text = _as_text(request.body)
    if text is not None:
        return shlex.join([*words, "--data-raw", text, *address])
    encoded = base64.b64encode(request.body).decode()
    sending = shlex.join([*words, "--data-binary", "@-", *address])
    return f"printf %s {encoded} | base64 -d | {sending}"


def _headers(request: StoredRequest) -> Iterator[str]:
    given: set[str] = set()
    for name, value in request.headers:
        if name.lower() in _OF_THE_CONNECTION or not _NAME.fullmatch(name):
            continue
        if is_masked(name, value) or (value and not _PRINTABLE.fullmatch(value)):
            continue
        given.add(name.lower())
        yield from ("-H", f"{name}: {value}" if value else f"{name};")
    for name in _ADDED_BY_CURL:
        if name not in given:
            yield from ("-H", f"{name}:")


def _as_text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if _PRINTABLE.fullmatch(text) else None


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
"""Options with a value that do not affect the request as it is decoded."""

_SHORT_WITH_VALUE: Final = "-dHXA"

_ANSI: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_NAMED: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def is_curl(text: str) -> bool:
    """Tell whether ``text`` is a shell line that runs curl, alone or at the end of a pipe."""
    return re.match(r"\s*(?:[^\n]*\|\s*)?curl\s", text) is not None


def read_curl(text: str, *, files: bool = True) -> Recorded:
    """Return the request that the command ``text`` would send.

    A body that is piped in with ``base64 -d`` is read from the command; one in a file
    (``--data-binary @FILE``) from there.

    :param files: whether it may name a file on this machine; never for commands from strangers.
    :raises GrowingParamException: if it is not a complete command, or its file cannot be read.
    """
    segments = _segments(_words(text))
    before, command = segments[:-1], segments[-1]
    if "curl" not in command:
        raise invalid(
            "curl: the last command of the line must be curl.",
            "curl：这一行的最后一个命令必须是 curl。",
        )
    piped = _piped(before)
    options = list(_options(command[command.index("curl") + 1 :]))
    return _request(options, lambda name, value: _content(name, value, piped, files=files))


def _words(text: str) -> list[str]:
    plain = _ANSI.sub(lambda found: shlex.quote(_unescaped(found[1])), text)
    try:
        return shlex.split(plain.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as error:
        raise invalid(
            f"curl: the command is incomplete ({error}). Paste all of it, with its quotes.",
            f"curl：命令不完整（{error}）。请连同引号完整粘贴。",
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
    """Return the output of the commands before the pipe: their base64 text, decoded."""
    words = [word for segment in before for word in segment]
    if "base64" not in words:
        return None
    try:
        return base64.b64decode(max(words, key=len), validate=True)
    except binascii.Error as error:
        raise invalid(
            f"curl: what is piped into it is not base64 ({error}). Paste the whole command.",
            f"curl：管道传入的内容不是 base64（{error}）。请完整粘贴命令。",
        ) from error


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield options with their values; for a bare word, the option is empty."""
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


def _request(options: Sequence[tuple[str, str]], content: Callable[[str, str], bytes]) -> Recorded:
    urls = _values(options, ("", "--url"))
    if not urls:
        raise invalid("curl: the command has no URL.", "curl：命令中没有 URL。")
    lines = [line.partition(":") for line in _values(options, _HEADER)]
    headers = [(name.strip(), value.strip()) for name, _, value in lines]
    headers += [("User-Agent", agent) for agent in _values(options, _AGENT)]
    parts = [content(name, value) for name, value in options if name in _DATA]
    body, target = b"&".join(parts), target_of(urls[-1])
    methods = _values(options, _METHOD)
    if any(name in _IN_URL for name, _ in options):
        separator = "&" if "?" in target else "?"
        whole = target + separator + body.decode("latin-1")
        return Recorded(method="GET", target=whole, headers=tuple(headers))
    method = methods[-1] if methods else ("POST" if parts else "GET")
    return Recorded(method=method, target=target, headers=tuple(headers), body=body)


def _content(option: str, value: str, piped: bytes | None, *, files: bool) -> bytes:
    if option == "--data-raw" or not value.startswith("@"):
        return value.encode("utf-8", "surrogateescape")
    if value == "@-" and piped is not None:
        return piped
    if not files:
        raise invalid(
            "curl: the command names a file. Put the body into the command, or import the "
            "file itself.",
            "curl：命令引用了文件。请把请求体写入命令，或直接导入该文件。",
        )
    try:
        return Path(value[1:]).read_bytes()
    except OSError as error:
        raise invalid(
            f"curl: the body's file {value[1:]} cannot be read ({error.strerror}). Run this "
            "command in the directory of that file, or decode the file itself.",
            f"curl：无法读取请求体文件 {value[1:]}（{error.strerror}）。请在该文件所在的目录运行"
            "本命令，或直接解码该文件。",
        ) from error
