"""``growingio collector``: watch on this machine what a GrowingIO client sends."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from growingio_tracker.cli import collector_texts
from growingio_tracker.cli.collector_options import (
    AllowHostOption,
    ApiCorsOption,
    BindOption,
    DbOption,
    MaxAgeOption,
    MaxEventsOption,
    PortOption,
    TlsOption,
    keeping,
    serving,
)
from growingio_tracker.cli.language import Language
from growingio_tracker.cli.output import print_any_character
from growingio_tracker.cli.signals import end_on_signals

if TYPE_CHECKING:
    from growingio_tracker.collector import Event


def collector(
    port: PortOption = None,
    tls: TlsOption = None,
    bind: BindOption = "127.0.0.1",
    allow_host: AllowHostOption = None,
    api_cors: ApiCorsOption = None,
    db: DbOption = None,
    max_events: MaxEventsOption = 10_000,
    max_age: MaxAgeOption = "7d",
    strict: Annotated[
        bool, typer.Option("--strict", help="Answer 400 and the reasons when an event is bad.")
    ] = False,
    redact: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="Hide the values of this key before anything is stored. May be given several "
            "times.",
        ),
    ] = None,
    lang: Annotated[
        Language, typer.Option(help="The language of the page and of this command.")
    ] = Language.AUTO,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no line for each event.")] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print each event as one JSON object a line, and all else on stderr."
        ),
    ] = False,
) -> None:
    """Receive and show what GrowingIO clients send to this machine, until Ctrl-C."""
    # Starlette and uvicorn take a third of a second, which --help need not wait for.
    from growingio_tracker.collector import Collector, Handling  # noqa: PLC0415

    show = _printer(quiet, json, lang)
    print_any_character()
    keys = tuple(redact or ())
    first, where = serving(port or [], tls, bind, allow_host, api_cors, lang)
    handling = Handling(strict=strict, redact=keys)
    keep = keeping(max_events, max_age)
    shown = collector_texts.Shown(db, strict, keys)
    with Collector(first, db, keep=keep, serving=where, handling=handling) as running:
        end_on_signals(running.stop)
        typer.echo(collector_texts.opening(running, shown, lang.is_chinese), err=json)
        for event in running.follow():
            show(event)
        typer.echo(collector_texts.closing(running.totals(), lang.is_chinese), err=json)


def _printer(quiet: bool, json: bool, lang: Language) -> "Callable[[Event], None]":
    """Return what is done with each event.

    :raises typer.BadParameter: the options contradict each other.
    """
    from growingio_tracker.collector.terminal import json_line, line  # noqa: PLC0415 - as above

    if quiet and json:
        raise typer.BadParameter("--quiet prints no event and --json prints each; choose one.")
    if quiet:
        return lambda event: None
    if json:
        return lambda event: typer.echo(json_line(event))
    return lambda event: typer.echo(line(event, is_chinese=lang.is_chinese))
