"""``growingio doctor``: why events do not arrive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from growingio_tracker.doctor.configuring import Shown
    from growingio_tracker.doctor.finding import Finding

_COLOURS: Final = {"ok": "green", "warn": "yellow", "bad": "red", "skipped": "bright_black"}
_CHINESE: Final = {"ok": "正常", "warn": "注意", "bad": "问题", "skipped": "跳过"}
_NAME_WIDTH: Final = 20
_STATUS_WIDTH: Final = 7

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="A TOML file as from_file reads it; the environment wins over it.",
    ),
]


def doctor(
    config: ConfigOption = None,
    send: Annotated[
        bool,
        typer.Option(
            "--send", help="Really send one event named growingio_doctor_test in each format."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    lang: Annotated[Language, typer.Option(help="The language of the findings.")] = Language.AUTO,
    timeout: Annotated[
        float, typer.Option(min=0.01, help="Seconds that each step may take.")
    ] = 5.0,
) -> None:
    """Look at the configuration and at everything between here and the server.

    Without --send no event is sent. Exit status 1 means that a problem was found.
    """
    # What looks at servers takes a while to import, which --help need not wait for.
    from growingio_tracker.doctor.configuring import read  # noqa: PLC0415
    from growingio_tracker.doctor.examining import examine  # noqa: PLC0415

    show_any_character()
    found = read(config, None)
    findings = examine(found, timeout_s=timeout, send=send)
    bad = _as_json(found.shown, findings) if json else _as_text(found.shown, findings, lang)
    if bad:
        raise typer.Exit(1)


def _as_json(shown: list[Shown], findings: Iterable[Finding]) -> int:
    """Print everything at once; return how many problems there are."""
    everything = list(findings)
    bad = sum(one.status == "bad" for one in everything)
    report = {"ok": not bad, "settings": shown, "findings": everything}
    typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    return bad


def _as_text(shown: list[Shown], findings: Iterable[Finding], lang: Language) -> int:
    """Print each finding when it is there; return how many problems there are."""
    is_chinese, bad = lang.is_chinese, 0
    for setting in shown:
        typer.echo(f"  {setting.name:<{_NAME_WIDTH}} {setting.value}  ({setting.origin})")
    for one in findings:
        bad += one.status == "bad"
        for line in _lines(one, is_chinese):
            typer.echo(line)
    typer.echo(_conclusion(bad, is_chinese))
    return bad


def _lines(one: Finding, is_chinese: bool) -> list[str]:
    word = _CHINESE[one.status] if is_chinese else one.status
    padded = f"{word:<{_STATUS_WIDTH - len(word) if is_chinese else _STATUS_WIDTH}}"
    sentence, fix = (one.sentence_zh, one.fix_zh) if is_chinese else (one.sentence, one.fix)
    lines = [f"{typer.style(padded, fg=_COLOURS[one.status])} {one.name}: {sentence}"]
    return [*lines, f"{' ' * _STATUS_WIDTH} -> {fix}"] if fix else lines


def _conclusion(bad: int, is_chinese: bool) -> str:
    if is_chinese:
        return f"发现 {bad} 个问题。" if bad else "没有发现问题。"
    return f"{bad} problem{'s'[: bad != 1]} found." if bad else "No problem found."
