"""``growingio decode``: decode a request body step by step, without a server."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from urllib.parse import quote

import msgspec
import typer

from growingio_cli.console import (
    LangOption,
    Language,
    WrongUsage,
    argument,
    in_chinese,
    option,
    show_any_character,
)
from growingio_wire.said import Said
from growingio_wire.table import Kind

if TYPE_CHECKING:
    from growingio_collector.decode import Decoded
    from growingio_collector.receiving.recorded import Recorded
    from growingio_collector.rules.checked import DecodedMessage
    from growingio_collector.rules.issue import Issue
    from growingio_collector.store.rows import Step

_STDIN: Final = Path("-")
_NAME_WIDTH: Final = 10

_FAILED: Final = Said("failed", "失败")
_FAILED_AT: Final = Said("failed at byte {offset}", "失败，位于第 {offset} 字节")
_FIX: Final = Said("Fix: {advice}", "修改建议：{advice}")
_MESSAGE: Final = Said("Message {number} of {count}", "第 {number} 条消息，共 {count} 条")


@in_chinese(
    """逐步解码一个请求体，并说明其中的问题。

    原始字节用 --path、--header 和 --stm 说明发送的方式；录制的请求和 curl 命令已包含这些信息。

    退出状态：0 全部解码，1 有内容无法解码。"""
)
def decode(
    file: Annotated[
        Path,
        argument(
            "A body, a recorded request (JSON) or a copied curl command. - reads stdin.",
            "请求体、录制的请求（JSON）或复制的 curl 命令；- 表示标准输入。",
            metavar="FILE",
            allow_dash=True,
            dir_okay=False,
        ),
    ],
    path: Annotated[
        str,
        option(
            "The path of a body's request, with its query if any.",
            "请求体所属请求的路径，若有查询串则一并给出。",
            metavar="PATH",
        ),
    ] = "/v3/projects/project/collect",
    header: Annotated[
        list[str] | None,
        option(
            "A header of a body's request. Repeatable.",
            "请求体所属请求的请求头。可重复给出。",
            metavar="NAME:VALUE",
        ),
    ] = None,
    stm: Annotated[
        str | None,
        option(
            "The stm of a body's request. Its lowest byte is the XOR key.",
            "请求体所属请求的 stm，其最低字节是 XOR 密钥。",
            metavar="STM",
        ),
    ] = None,
    lang: LangOption = Language.AUTO,
) -> None:
    """Decode one body step by step, and explain what is wrong with it.

    For raw bytes, --path, --header and --stm say how they were sent.
    A recording and a curl command include that.

    Exit status: 0 decoded, 1 something could not be decoded.
    """
    show_any_character()
    content = _content(file)
    requests = _described(content) or [_as_body(content, path, header or [], stm)]
    reports = [_report(request, lang) for request in requests]
    typer.echo("\n\n".join("\n".join(one.lines) for one in reports))
    if not all(one.decoded for one in reports):
        raise typer.Exit(1)


def _content(file: Path) -> bytes:
    if file == _STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongUsage(
            Said(
                f"{file} cannot be read ({error.strerror}). Give an existing file, or - to read "
                "from stdin.",
                f"无法读取 {file}（{error.strerror}）。请给出已存在的文件，或用 - 从标准输入读取。",
            )
        ) from error


def _described(content: bytes) -> list[Recorded]:
    """Return the requests that ``content`` describes; none if it is only a body."""
    from growingio_collector.receiving.curl import is_curl, read_curl
    from growingio_collector.receiving.recorded import is_recorded, read_recorded

    if is_recorded(content):
        return read_recorded(content)
    text = content.decode("utf-8", "surrogateescape")
    return [read_curl(text)] if is_curl(text) else []


def _as_body(content: bytes, path: str, headers: list[str], stm: str | None) -> Recorded:
    from growingio_collector.receiving.recorded import Recorded, target_of

    target = target_of(path)
    if stm is not None:
        target += f"{'&' if '?' in target else '?'}stm={quote(stm)}"
    return Recorded(target=target, headers=tuple(map(_header, headers)), body=content)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise WrongUsage(
            Said(
                f"--header {line!r} is not NAME:VALUE, for example X-Compress-Codec:2.",
                f"--header {line!r} 不是 NAME:VALUE 的形式，例如 X-Compress-Codec:2。",
            )
        )
    return name.strip(), value.strip()


class _DecodeReport(NamedTuple):
    """The lines about one request, and whether it could be decoded."""

    lines: list[str]
    decoded: bool


def _report(request: Recorded, lang: Language) -> _DecodeReport:
    """Decode ``request``, and return the lines about it."""
    from growingio_wire.said import harmless

    kind, decoded = _decoded(request)
    lines = [_title(request, decoded), *_Lines(lang).of(kind, decoded)]
    return _DecodeReport([harmless(line) for line in lines], decoded.reason is None)


def _decoded(request: Recorded) -> tuple[Kind, Decoded]:
    from growingio_collector.decode import Decoded, decode_request
    from growingio_collector.rules.requests import read_path, unknown_path

    path, _, query = request.target.partition("?")
    target = read_path(path)
    if target is None:
        # The Java SDK requests the root before it sends anything.
        is_probe = (request.method, path) == ("GET", "/")
        return Kind.EVENT, Decoded(reason=None if is_probe else unknown_path(request.method, path))
    parts = (request.method, query, request.headers, request.body)
    return target.kind, decode_request(target.kind, *parts)


def _title(request: Recorded, decoded: Decoded) -> str:
    from growingio_collector.rules.clients import name_client

    path, _, query = request.target.partition("?")
    headers = {name.lower(): value for name, value in request.headers}
    client = name_client(headers, query, decoded.messages)
    return f"{request.method} {path}" + (f"  ({client})" if client else "")


class _Lines:
    """The lines about a decoded body in one language."""

    def __init__(self, lang: Language) -> None:
        self._lang = lang

    def of(self, kind: Kind, decoded: Decoded) -> Iterator[str]:
        """Yield the steps, then the reason, then every message with its issues."""
        for step in decoded.steps:
            yield f"  {step.name:{_NAME_WIDTH}} {self._step(step)}"
        if decoded.reason:
            yield from self._issues([decoded.reason])
        count = len(decoded.messages)
        for number, message in enumerate(decoded.messages, 1):
            yield self._lang.of(_MESSAGE.with_values(number=number, count=count))
            yield from self._message(kind, message)

    def _step(self, step: Step) -> str:
        if step.ok:
            detail = step.detail_zh if self._lang.is_chinese else step.detail
            return f"{detail}  {step.head_hex}".rstrip()
        # The reason comes below, in the language asked for.
        return self._lang.of(
            _FAILED if step.offset is None else _FAILED_AT.with_values(offset=step.offset)
        )

    def _message(self, kind: Kind, message: DecodedMessage) -> Iterator[str]:
        from growingio_collector.rules.checking import check_one

        if message.text is not None:
            pretty = msgspec.json.format(message.text, indent=2)
            yield from pretty.decode("utf-8", "replace").split("\n")
        yield from self._issues(check_one(kind, message).issues)

    def _issues(self, issues: Iterable[Issue]) -> Iterator[str]:
        for issue in issues:
            yield f"  {issue.level:4} {self._lang.of(issue.found)}"
            yield f"       {self._lang.of(_FIX.with_values(advice=issue.advice))}"
