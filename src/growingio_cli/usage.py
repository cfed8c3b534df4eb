"""Command groups with our help, and usage errors in one sentence.

Typer's own usage errors are boxes in English. Ours are in the language of the terminal, and the
exit status is 2.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn, cast

import typer
from typer.core import TyperCommand, TyperGroup

from growingio_cli.console import WrongUsage, text
from growingio_cli.help import described, help_lines, name_of, row_lines, usage_words
from growingio_wire.errors import GrowingError
from growingio_wire.near import nearest
from growingio_wire.said import Said

FAILED_STATUS: Final = 1
WRONG_USAGE_STATUS: Final = 2
INTERRUPTED_STATUS: Final = 130

# Typer exports this one of click's errors, and from 0.20 on carries click inside it.
_UsageError: Final = cast("type[Exception]", typer.BadParameter.__mro__[1])

_TRY: Final = Said("Try '{command} --help' for help.", "运行“{command} --help”查看帮助。")
_ERROR: Final = Said("Error: {what}", "错误：{what}")

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_OUTPUT: Final = Said("The output cannot be written: {why}.", "无法写入输出：{why}。")


class CommandGroup(typer.Typer):
    """Commands under one name, with the help and the errors of this module.

    :param completion: offer to install completion.
    :param has_default: run the first command if none is named.
    """

    def __init__(
        self, name: str, help_: str, *, completion: bool = False, has_default: bool = False
    ) -> None:
        super().__init__(
            name=name,
            cls=_DefaultingGroup if has_default else _HelpfulGroup,
            help=help_,
            add_completion=completion,
            pretty_exceptions_enable=False,
        )

    def add(
        self, function: Callable[..., None], name: str | None = None, *, runs: bool = False
    ) -> None:
        """Add a command under its function's name, or ``name``.

        :param runs: whether its arguments are a command, whose options are not its own.
        """
        settings = {"allow_interspersed_args": not runs}
        self.command(name, cls=_HelpfulCommand, context_settings=settings)(function)


class _HelpfulCommand(TyperCommand):
    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(help_lines(self, ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # reported below
        with _knowing(ctx):
            rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            _fail(ctx, _too_much(rest))
        return rest


class _HelpfulGroup(TyperGroup):
    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(help_lines(self, ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not (args or ctx.resilient_parsing or self.invoke_without_command):
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(WRONG_USAGE_STATUS)
        with _knowing(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            _fail(ctx, _no_command(args[0], self.commands))
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        given = (args, prog_name, complete_var, False, windows_expand_args)
        if not standalone_mode:
            return super().main(*given, **extra)
        try:
            status = super().main(*given, **extra)
        except _UsageError as error:
            _fail(getattr(error, "ctx", None), _said(error))
        except GrowingError as error:
            typer.echo(text(*error.said), err=True)
            status = FAILED_STATUS
        except typer.Abort:  # Ctrl-C, in older versions of Typer
            status = INTERRUPTED_STATUS
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _give_output_up(error)
            status = FAILED_STATUS
        sys.exit(status if isinstance(status, int) else 0)


class _DefaultingGroup(_HelpfulGroup):
    """A group whose first command runs where none is named."""

    @property
    def default_command(self) -> str:
        """The name of the command that runs where none is named."""
        return next(iter(self.commands))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


@contextmanager
def _knowing(ctx: Any) -> Generator[None, None, None]:
    """Attach the command to a usage error, which some versions of Typer omit."""
    try:
        yield
    except _UsageError as error:
        if getattr(error, "ctx", None) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


def _give_output_up(error: OSError) -> None:
    """Report once that output is closed; flushing at exit would fail again."""
    typer.echo(text(*_FULL_OUTPUT.with_values(why=error.strerror)), err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fail(ctx: Any, said: Said) -> NoReturn:
    if ctx is not None:
        typer.echo(" ".join(usage_words(ctx.command, ctx)), err=True)
        typer.echo(text(*_TRY.with_values(command=ctx.command_path)), err=True)
    typer.echo(text(*_ERROR).format(what=text(*said)), err=True)
    sys.exit(WRONG_USAGE_STATUS)


def _too_much(rest: list[str]) -> Said:
    given = " ".join(rest)
    return Said(f"unexpected argument {given}.", f"多余的参数 {given}。")


def _no_command(name: str, known: Any) -> Said:
    near = nearest(name, known)
    if near is None:
        return Said(f"unknown command {name}.", f"没有命令 {name}。")
    return Said(
        f"unknown command {name}. Did you mean {near}?",
        f"没有命令 {name}。您要用的是 {near} 吗？",
    )


def _said(error: Any) -> Said:
    """Return the sentence for an error, from its attributes."""
    if isinstance(error, WrongUsage):
        return error.said
    parameter, kind = getattr(error, "param", None), type(error).__name__
    if kind == "NoSuchOption":
        return _no_option(error.option_name, error.ctx)
    if kind == "BadOptionUsage":
        return _value_of(error.option_name, error.ctx)
    if kind == "MissingParameter" and parameter is not None:
        name = name_of(parameter)
        return Said(f"{name} is missing.", f"缺少 {name}。")
    if kind == "BadParameter" and parameter is not None:
        name, row = name_of(parameter), "\n".join(row_lines(*described(parameter)))
        return Said(f"{name} has an invalid value.\n{row}", f"{name} 的值无效。\n{row}")
    return Said(error.format_message(), f"用法有误：{error.format_message()}")


def _no_option(name: str, ctx: Any) -> Said:
    known = [one for parameter in ctx.command.get_params(ctx) for one in parameter.opts]
    near = nearest(name, [one for one in known if one.startswith("-")])
    if near is None:
        return Said(f"unknown option {name}.", f"没有选项 {name}。")
    return Said(
        f"unknown option {name}. Did you mean {near}?",
        f"没有选项 {name}。您要用的是 {near} 吗？",
    )


def _value_of(name: str, ctx: Any) -> Said:
    named = (one for one in ctx.command.params if name in one.opts)
    if getattr(next(named, None), "is_flag", False):
        return Said(f"{name} takes no value.", f"{name} 不带值。")
    return Said(f"{name} needs a value.", f"{name} 需要一个值。")
