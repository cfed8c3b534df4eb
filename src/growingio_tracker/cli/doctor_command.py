"""``growingio doctor``: why events do not arrive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from growingio_tracker.doctor.configuring import Shown
    from growingio_tracker.doctor.finding import Finding

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
    from growingio_tracker.cli.findings import print_findings, print_settings  # noqa: PLC0415
    from growingio_tracker.doctor.configuring import read  # noqa: PLC0415
    from growingio_tracker.doctor.examining import examine  # noqa: PLC0415

    show_any_character()
    found = read(config, None)
    findings = examine(found, timeout_s=timeout, send=send)
    if json:
        bad = _as_json(found.shown, findings)
    else:
        print_settings(found.shown)
        bad = print_findings(findings, lang.is_chinese)
    if bad:
        raise typer.Exit(1)


def _as_json(shown: list[Shown], findings: Iterable[Finding]) -> int:
    """Print everything at once; return how many problems there are."""
    everything = list(findings)
    bad = sum(one.status == "bad" for one in everything)
    report = {"ok": not bad, "settings": shown, "findings": everything}
    typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    return bad
