"""``growingio decode``: read one body without a server, and show each step."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.language import AnswerLangOption, Language
from growingio_tracker.exceptions import GrowingParamException

if TYPE_CHECKING:
    from growingio_tracker.collector.recorded import Recorded

_STDIN: Final = Path("-")


def decode(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            allow_dash=True,
            dir_okay=False,
            help="A body, a recorded request (JSON) or a pasted curl command; - reads stdin.",
        ),
    ],
    path: Annotated[
        str, typer.Option(help="Path of a body's request, with its query if it had one.")
    ] = "/v3/projects/project/collect",
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:VALUE", help="A header of a body's request; repeatable."),
    ] = None,
    stm: Annotated[
        str | None,
        typer.Option(help="The stm of a body's request, whose lowest byte is the XOR key."),
    ] = None,
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Decode one body step by step and say what is wrong with it.

    A body is raw bytes; say with --path, --header and --stm how it was sent. A recording and a
    curl command say so themselves. Exit status 1 means that something could not be decoded.
    """
    # The collector takes a while to import, which --help need not wait for.
    from growingio_tracker.cli.decode_report import report  # noqa: PLC0415

    show_any_character()
    content = _content(file)
    requests = _told(content) or [_as_body(content, path, header or [], stm)]
    reports = [report(request, lang.is_chinese) for request in requests]
    typer.echo("\n\n".join("\n".join(one.lines) for one in reports))
    if not all(one.decoded for one in reports):
        raise typer.Exit(1)


def _content(file: Path) -> bytes:
    if file == _STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise GrowingParamException(
            f"FILE: {file} cannot be read ({error.strerror}). Give an existing file, or - to "
            "read from stdin."
        ) from error


def _told(content: bytes) -> "list[Recorded]":
    """Return the requests that ``content`` itself describes, none when it is a mere body."""
    from growingio_tracker.collector.from_curl import is_curl, read_curl  # noqa: PLC0415 - as above
    from growingio_tracker.collector.recorded import (  # noqa: PLC0415
        is_recorded,
        read_recorded,
    )

    if is_recorded(content):
        return read_recorded(content)
    text = content.decode("utf-8", "surrogateescape")
    return [read_curl(text)] if is_curl(text) else []


def _as_body(content: bytes, path: str, headers: list[str], stm: str | None) -> "Recorded":
    from growingio_tracker.collector.recorded import Recorded, target_of  # noqa: PLC0415

    target = target_of(path)
    if stm is not None:
        target += f"{'&' if '?' in target else '?'}stm={quote(stm)}"
    return Recorded(target=target, headers=tuple(map(_header, headers)), body=content)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise GrowingParamException(
            f"--header: {line!r} is not a header. Write it as NAME:VALUE, for example "
            "X-Compress-Codec:2."
        )
    return name.strip(), value.strip()
