"""The ``growingio`` application with all its commands. New commands are registered here."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from growingio_cli.codegen import codegen
from growingio_cli.collector import collector
from growingio_cli.console import option, text
from growingio_cli.decode import decode
from growingio_cli.demo import demo
from growingio_cli.diff import diff
from growingio_cli.doctor import doctor
from growingio_cli.import_ import import_
from growingio_cli.kafka import kafka
from growingio_cli.plan import plan
from growingio_cli.relay import relay
from growingio_cli.replay import replay
from growingio_cli.send import send
from growingio_cli.spool import spool
from growingio_cli.usage import CommandGroup
from growingio_wire import VERSION

app: Final = CommandGroup(
    "growingio",
    text("Tools for the GrowingIO event SDK.", "GrowingIO 事件采集 SDK 的命令行工具。"),
    completion=True,
)

app.add_typer(collector)
app.add(demo)
app.add(doctor)
app.add(send)
app.add(import_, "import")
app.add(decode)
app.add_typer(plan)
app.add_typer(codegen)
app.add(diff)
app.add(replay)
app.add_typer(spool)
app.add(relay)
app.add_typer(kafka)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"growingio_tracker {VERSION}")
        raise typer.Exit


@app.callback()
def _growingio(
    version: Annotated[
        bool,
        option(
            "Show the version and exit.",
            "显示版本并退出。",
            "--version",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
) -> None:
    """Accept ``--version``, whose callback prints it."""
