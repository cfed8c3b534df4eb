"""The commands, one file each. A new one is imported and registered here and nowhere else."""

from typing import Annotated

import typer

from growingio_tracker.cli.collector_command import collector
from growingio_tracker.cli.decode_command import decode
from growingio_tracker.cli.demo_command import demo
from growingio_tracker.cli.diff_command import diff
from growingio_tracker.cli.doctor_command import doctor
from growingio_tracker.cli.import_command import import_
from growingio_tracker.cli.plan_commands import plan
from growingio_tracker.cli.relay_command import relay
from growingio_tracker.cli.replay_command import replay
from growingio_tracker.cli.send_command import send
from growingio_tracker.cli.spool_commands import spool
from growingio_tracker.version import VERSION

app = typer.Typer(
    name="growingio",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(collector)
app.command()(decode)
app.command()(demo)
app.command()(diff)
app.command("import")(import_)
app.command()(doctor)
app.command()(relay)
app.command()(replay)
app.command()(send)
app.add_typer(plan, name="plan")
app.add_typer(spool, name="spool")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"growingio_tracker {VERSION}")
        raise typer.Exit


@app.callback()
def growingio(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Show the release and exit."
        ),
    ] = False,
) -> None:
    """Tools around the GrowingIO event SDK."""
