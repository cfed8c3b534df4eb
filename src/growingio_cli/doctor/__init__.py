"""``growingio doctor``: find out why events do not arrive, as text or as JSON.

Each of the other modules examines one step on the way to the server.
"""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from growingio_cli.console import Language, in_chinese, option, show_any_character, wrapped
from growingio_cli.sending import ConfigOption
from growingio_wire.said import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from growingio_cli.doctor.configuration import ShownSetting
    from growingio_cli.doctor.findings import Finding


_COLOURS: Final = {"ok": "green", "warn": "yellow", "bad": "red", "skipped": "bright_black"}
_CHINESE: Final = {"ok": "正常", "warn": "注意", "bad": "问题", "skipped": "跳过"}
_SETTING_WIDTH: Final = 23
_STATUS_WIDTH: Final = 8
_FIX: Final = " " * _STATUS_WIDTH + "-> "
_DEFAULT: Final = Said("default", "默认")
_NO_PROBLEM: Final = Said("No problem found.", "没有发现问题。")


@in_chinese(
    """检查配置以及与采集服务的连接。

    不带 --send 时不发送任何事件。退出状态：0 没有问题，1 发现问题。"""
)
def doctor(
    config: ConfigOption = None,
    send: Annotated[
        bool,
        option(
            "Send one real event named growingio_doctor_test in each format.",
            "以每种格式真正发送一个名为 growingio_doctor_test 的事件。",
            "--send",
        ),
    ] = False,
    json: Annotated[
        bool, option("Print one JSON object.", "打印一个 JSON 对象。", "--json")
    ] = False,
    lang: Annotated[
        Language,
        option("The language of the findings.", "检查结果的语言。", metavar="auto|zh-CN|en"),
    ] = Language.AUTO,
    timeout: Annotated[
        float,
        option(
            "Maximum seconds per step.",
            "每一步最多用的秒数。",
            min=0.01,
            metavar="SECONDS",
        ),
    ] = 5.0,
) -> None:
    """Diagnose the configuration and the connection to the collect server.

    No event is sent without --send. Exit status: 0 no problem, 1 a problem was found.
    """
    from growingio_cli.doctor.configuration import read
    from growingio_cli.doctor.examination import examine

    show_any_character()
    examined = read(config, None)
    findings = examine(examined, timeout_s=timeout, send=send)
    if json:
        bad = _print_json(examined.shown, findings)
    else:
        _print_settings(examined.shown, lang)
        bad = _print_findings(findings, lang)
    if bad:
        raise typer.Exit(1)


def _print_json(shown: list[ShownSetting], findings: Iterable[Finding]) -> int:
    """Print all findings as one JSON document; return the number of problems."""
    everything = list(findings)
    bad = sum(one.status == "bad" for one in everything)
    settings = [
        {"name": one.name, "value": one.value, "origin": (one.origin or _DEFAULT).en}
        for one in shown
    ]
    report = {"ok": not bad, "settings": settings, "findings": list(map(_plain, everything))}
    typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    return bad


def _plain(one: Finding) -> dict[str, str]:
    return {
        "name": one.name,
        "status": one.status,
        "sentence": one.said.en,
        "sentence_zh": one.said.zh,
        "fix": one.fix.en,
        "fix_zh": one.fix.zh,
    }


def _print_settings(shown: Iterable[ShownSetting], lang: Language) -> None:
    """Print each setting with its origin."""
    console = _console()
    for one in shown:
        origin = lang.of(one.origin or _DEFAULT)
        _print(console, _padded(f"  {one.name}", _SETTING_WIDTH), f"{one.value}  ({origin})")


def _print_findings(findings: Iterable[Finding], lang: Language) -> int:
    """Print each finding as soon as the next is there; return how many problems there are.

    What to do stands below the last of those that ask for the same.
    """
    console, bad = _console(), 0
    for one, following in pairwise(chain(findings, [None])):
        if one is None:
            break
        bad += one.status == "bad"
        word = _CHINESE[one.status] if lang.is_chinese else one.status
        head = _padded(word, _STATUS_WIDTH, _COLOURS[one.status])
        _print(console, head, f"{one.name}: {lang.of(one.said)}")
        if one.fix and (following is None or one.fix != following.fix):
            _print(console, Text(_FIX), lang.of(one.fix))
    _print(console, Text(), lang.of(_conclusion(bad)))
    return bad


def _conclusion(bad: int) -> Said:
    if not bad:
        return _NO_PROBLEM
    return Said(f"{bad} problem{'s'[: bad != 1]} found.", f"发现 {bad} 个问题。")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _padded(word: str, width: int, colour: str = "") -> Text:
    text = Text(word, colour)
    text.append(" " * max(1, width - text.cell_len))
    return text


def _print(console: Console, head: Text, words: str) -> None:
    width = console.width - head.cell_len
    for line in wrapped(words, width) if console.is_terminal else [words]:
        console.print(Text.assemble(head, line))
        head = Text(" " * head.cell_len)
