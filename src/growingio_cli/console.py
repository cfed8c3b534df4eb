"""Console shared by all commands: language, encoding, logging, tables, files and signals."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import re
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from enum import Enum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, cast, get_type_hints

import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.said import Said, prefers_chinese

if TYPE_CHECKING:
    from types import FrameType


_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])
_OptionsT = TypeVar("_OptionsT")


def text(en: str, zh: str) -> str:
    """Return the text in the language of this terminal."""
    return Said(en, zh).chosen(chinese=prefers_chinese())


def option(en: str, zh: str, *names: str, **more: Any) -> Any:
    """Return a Typer option with help in both languages; ``more`` is Typer's."""
    return typer.Option(*names, help=text(en, zh), **more)


def argument(en: str, zh: str, **more: Any) -> Any:
    """Return a Typer argument with help in both languages; ``more`` is Typer's."""
    return typer.Argument(help=text(en, zh), **more)


def in_chinese(help_: str) -> Callable[[_FunctionT], _FunctionT]:
    """Set the Chinese help of a command. The English help is its docstring."""

    def translated(function: _FunctionT) -> _FunctionT:
        if prefers_chinese():
            function.__doc__ = help_
        return function

    return translated


def taking(options: type[_OptionsT]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make the fields of a dataclass options of a command, which receives them as one value.

    The value is the parameter annotated with ``options``; other parameters are unchanged.
    """

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(function, eval_str=True).parameters.values()
        [one] = [parameter.name for parameter in own if parameter.annotation is options]
        kept = [parameter for parameter in own if parameter.name != one]
        spread = list(_parameters(options))

        def command(**values: Any) -> None:
            given = options(**{each.name: values.pop(each.name) for each in spread})
            function(**values, **{one: given})

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in kept + spread]
        setattr(command, "__signature__", inspect.Signature(parameters))  # noqa: B010
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorated


def _parameters(options: type) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each field; those of a class precede the inherited ones."""
    hints = get_type_hints(options, include_extras=True)
    fields = {field.name: field.default for field in dataclasses.fields(options)}
    names = (name for kind in options.__mro__ for name in vars(kind).get("__annotations__", ()))
    kind = inspect.Parameter.KEYWORD_ONLY
    for name in names:
        yield inspect.Parameter(name, kind, default=fields[name], annotation=hints[name])


class WrongUsage(typer.BadParameter):
    """Invalid arguments: status 2."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


def existing_directory(path: Path | None) -> Path | None:
    """Check a path as the callback of an option, and return it.

    :raises WrongUsage: if the directory does not exist.
    """
    if path is None or path.is_dir():
        return path
    raise WrongUsage(Said(f"the directory {path} does not exist.", f"目录 {path} 不存在。"))


def existing_file(path: Path | None) -> Path | None:
    """Check a path as the callback of an option, and return it.

    :raises WrongUsage: if the file does not exist.
    """
    if path is None or path.is_file():
        return path
    raise WrongUsage(Said(f"the file {path} does not exist.", f"文件 {path} 不存在。"))


class Language(str, Enum):
    """The value of ``--lang``."""

    AUTO = "auto"
    CHINESE = "zh-CN"
    ENGLISH = "en"

    @property
    def is_chinese(self) -> bool:
        """Whether to use Chinese; with ``auto``, if it is the terminal's language."""
        return prefers_chinese() if self is Language.AUTO else self is Language.CHINESE

    def of(self, said: Said) -> str:
        """Return a sentence in this language."""
        return said.chosen(chinese=self.is_chinese)


LangOption = Annotated[
    Language, option("The language of the output.", "输出的语言。", metavar="auto|zh-CN|en")
]


def show_any_character() -> None:
    """Escape characters that the console cannot show, instead of failing."""
    if isinstance(sys.stdout, TextIOWrapper):
        cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")


@contextmanager
def showing_log() -> Generator[None, None, None]:
    """Print the collector's log on stderr inside the block; by default it is not shown."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("growingio_collector")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


_PIECE: Final = re.compile(
    r"(?:\[[^][]+\]|[（“]*(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff]+)[，。；：、）”]*)\s*"
)
"""Unbreakable pieces: a word, a Chinese character with its punctuation, a note in brackets."""


def wrapped(words: str, width: int) -> Iterator[str]:
    """Yield lines. rich breaks Chinese, which has no spaces, only at the full width."""
    line = ""
    for piece in _PIECE.findall(words):
        if line and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def passing_progress() -> Progress:
    """Return a progress display that leaves no trace; none at all without a terminal."""
    return Progress(transient=True, disable=not Console().is_terminal)


def plain_table(*columns: str, numeric: tuple[str, ...] = (), padding: int = 1) -> Table:
    """Return a table without edges.

    :param numeric: the columns that are aligned to the right.
    :param padding: characters on each side of a cell.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, padding))
    for name in columns:
        table.add_column(name, justify="right" if name in numeric else "left", overflow="fold")
    return table


OutputOption = Annotated[
    Path | None,
    option(
        "The file to write, in UTF-8. Default: standard output.",
        "写入的文件，UTF-8。默认为标准输出。",
        "--output",
        "-o",
        metavar="FILE",
        dir_okay=False,
    ),
]


def write_output(content: bytes, output: Path | None) -> None:
    """Write UTF-8 text to a file, or to the standard output when it is ``None``.

    :raises GrowingParamException: if the file cannot be written.
    """
    if output is None:
        show_any_character()
        typer.echo(content.decode(), nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise unwritable("--output", output, error) from error


def unwritable(option: str, file: Path, error: OSError) -> GrowingParamException:
    """Return the error for an option's file that cannot be written."""
    return invalid(
        f"{option}: {file} cannot be written ({error.strerror}). Choose another file.",
        f"{option}：无法写入 {file}（{error.strerror}）。请改用其他文件。",
        option,
    )


@contextmanager
def ending_on_signals(end: Callable[[], object]) -> Generator[None, None, None]:
    """Inside the block, call ``end`` in a thread of its own at Ctrl-C or SIGTERM."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        # A second Ctrl-C ends the command immediately, even if something blocks its normal end.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=end).start()

    before = {one: signal.signal(one, handle) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)
