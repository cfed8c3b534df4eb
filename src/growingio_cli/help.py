"""Help of every command: lines that fit 80 columns, in the terminal's language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

import typer
from rich.cells import cell_len

from growingio_cli.console import text, wrapped
from growingio_wire.said import Said

_WIDEST: Final = 100
_HEAD_WIDTH: Final = 26

_USAGE: Final = Said("Usage: ", "用法：")
_ARGUMENTS: Final = Said("Arguments:", "参数：")
_OPTIONS: Final = Said("Options:", "选项：")
_COMMANDS: Final = Said("Commands:", "命令：")
_SOME_OPTIONS: Final = Said("[OPTIONS]", "[选项]")
_A_COMMAND: Final = Said("COMMAND [ARGS]...", "命令 [参数]...")
_DEFAULT: Final = Said("[default: {value}]", "[默认：{value}]")
_BOUNDS: Final = Said("[{low} to {high}]", "[{low} 到 {high}]")
_AT_LEAST: Final = Said("[at least {low}]", "[不小于 {low}]")
_REQUIRED: Final = Said("[required]", "[必填]")

_OF_TYPER: Final = {
    "help": Said("Show this help and exit.", "显示帮助并退出。"),
    "install_completion": Said(
        "Install completion for the current shell.", "为当前 shell 安装命令补全。"
    ),
    "show_completion": Said(
        "Show completion for the current shell, to copy it or customize the installation.",
        "显示当前 shell 的命令补全脚本，以便复制或自行安装。",
    ),
}


def help_lines(command: Any, ctx: Any) -> Iterator[str]:
    """Yield the help of a command."""
    yield " ".join(usage_words(command, ctx))
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield from wrapped(" ".join(paragraph.split()), _width())
    parameters = [one for one in command.get_params(ctx) if not getattr(one, "hidden", False)]
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    options = [one for one in parameters if one.param_type_name == "option"]
    yield from _section(_ARGUMENTS, map(described, arguments))
    yield from _section(_OPTIONS, map(described, options))
    commands = getattr(command, "commands", {})
    yield from _section(_COMMANDS, ((name, _summary(one)) for name, one in commands.items()))


def usage_words(command: Any, ctx: Any) -> Iterator[str]:
    """Yield the words of the usage line."""
    yield text(*_USAGE) + ctx.command_path
    yield text(*_SOME_OPTIONS)
    for one in command.params:
        if one.param_type_name == "argument":
            yield name_of(one) if one.required else f"[{name_of(one)}]"
    if hasattr(command, "commands"):
        words = text(*_A_COMMAND)
        yield f"[{words}]" if command.invoke_without_command else words


def _section(title: Said, rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    for number, (head, words) in enumerate(rows):
        if number == 0:
            yield ""
            yield _bold(text(*title))
        yield from row_lines(head, words)


def row_lines(head: str, words: str) -> Iterator[str]:
    """Yield a name with its help beside it, as lines."""
    start = f"  {head}"
    if cell_len(start) + 2 > _HEAD_WIDTH:
        yield start
        start = ""
    for line in wrapped(words, _width() - _HEAD_WIDTH):
        yield start + " " * (_HEAD_WIDTH - cell_len(start)) + line
        start = ""


def described(parameter: Any) -> tuple[str, str]:
    """Return an option or argument as its name, and its help with the default."""
    known = _OF_TYPER.get(parameter.name)
    words = text(*known) if known else parameter.help or ""
    if parameter.param_type_name == "argument":
        return name_of(parameter), words
    notes = [words, *_range(parameter)]
    if parameter.required:
        notes.append(text(*_REQUIRED))
    elif parameter.show_default is True and not parameter.is_flag and parameter.default is not None:
        notes.append(text(*_DEFAULT.with_values(value=_plain(parameter.default))))
    takes_value = not parameter.is_flag and parameter.metavar
    names = ", ".join(sorted(parameter.opts, key=len))
    head = f"{names} {parameter.metavar}" if takes_value else names
    return head, " ".join(notes)


def _range(parameter: Any) -> Iterator[str]:
    """Yield the bounds of a number, which older versions of Typer know by its type."""
    bounded = parameter if hasattr(parameter, "min") else parameter.type
    low, high = getattr(bounded, "min", None), getattr(bounded, "max", None)
    if low is not None and high is not None:
        yield text(*_BOUNDS.with_values(low=_plain(low), high=_plain(high)))
    elif low:
        yield text(*_AT_LEAST.with_values(low=_plain(low)))


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return f"{value:g}" if isinstance(value, float) else value


def name_of(parameter: Any) -> str:
    """Return an argument as it is written, or the long name of an option."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return str(max(parameter.opts, key=len))


def _summary(command: Any) -> str:
    """Return the first sentence of a command's help."""
    return " ".join((command.help or "").split("\n\n")[0].split())


def _bold(title: str) -> str:
    return title if os.environ.get("NO_COLOR") else typer.style(title, bold=True)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
