"""``growingio import``: rows of files become events, users' attributes or items."""

from __future__ import annotations

import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer
from rich.console import Console

from growingio_tracker.cli.output import print_any_character
from growingio_tracker.cli.sending import CertOption, Format
from growingio_tracker.cli.signals import end_on_signals
from growingio_tracker.exceptions import GrowingParamException

if TYPE_CHECKING:
    from growingio_tracker.bulk.mapping import RowKind, RowMapping
    from growingio_tracker.bulk.readers.choose import FileOptions
    from growingio_tracker.cli.import_target import Target


class Reading(TypedDict):
    """How rows are read, in the words of :func:`growingio_tracker.bulk.import_files`."""

    kind: RowKind
    mapping: RowMapping | None
    same: dict[str, str]
    options: FileOptions


class Sending(TypedDict):
    """How rows are sent, in the same words."""

    workers: int
    rate: float | None
    batch_rows: int
    patience_s: float
    state_dir: Path | None


class RowKindName(str, Enum):
    """The value of ``--kind``."""

    EVENT = "event"
    USER = "user"
    ITEM = "item"


class InputName(str, Enum):
    """The value of ``--input``."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="CSV, TSV, NDJSON, each also compressed by gzip, or Parquet."
        ),
    ],
    kind: Annotated[RowKindName, typer.Option(help="What each row becomes.")] = RowKindName.EVENT,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="YAML",
            help="Which column becomes what. Without it, names decide; --dry-run shows how.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="The same value in every row, such as event_name=order_paid; repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Send nothing; show the mapping and rows that would fail."),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Files sent at once, and if above 1, processes that convert rows."
        ),
    ] = 1,
    rate: Annotated[
        float | None, typer.Option(help="Rows a second at most, of all files together.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Rows of one request.")] = 500,
    patience: Annotated[
        float,
        typer.Option(min=0, help="Give a file up after so many seconds without an accepted batch."),
    ] = 300.0,
    state_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Keep checkpoints and failed rows there, and not beside each file.",
        ),
    ] = None,
    input_: Annotated[
        InputName | None,
        typer.Option("--input", help="The format of the files. Without it, names decide."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="What stands between cells of CSV.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="utf-8 or gbk.")] = "utf-8",
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML", help="Settings. Without it, the variables GROWINGIO_… alone count."
        ),
    ] = None,
    product_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The project; wins over the settings.")
    ] = None,
    data_source_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The data source; wins over the settings.")
    ] = None,
    server_host: Annotated[
        str | None, typer.Option(metavar="URL", help="The server; wins over the settings.")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="How to send; wins over the settings.")
    ] = None,
    ca_file: CertOption = None,
) -> None:
    """Import rows of files as events, users' attributes or items.

    Ctrl-C ends it in order, and the same command goes on from there.

    Failed rows go to a file with the reason; repaired, it can be imported.

    The rows of a file keep their order. Exit status 1: rows failed, or not all was read.
    """
    # What reads and sends need not be there for --help.
    from growingio_tracker.bulk.readers.choose import FileOptions  # noqa: PLC0415
    from growingio_tracker.cli.import_target import target  # noqa: PLC0415
    from growingio_tracker.cli.mapping_file import read_mapping  # noqa: PLC0415

    print_any_character()
    reading: Reading = {
        "kind": kind.value,
        "mapping": None if map_ is None else read_mapping(map_),
        "same": dict(map(_pair, set_ or [])),
        "options": FileOptions(None if input_ is None else input_.value, delimiter, encoding),
    }
    if dry_run:
        _look(files, reading)
        return
    given = {
        "product_id": product_id,
        "data_source_id": data_source_id,
        "server_host": server_host,
        "verify_cert": ca_file,
    }
    sending: Sending = {
        "workers": workers,
        "rate": rate,
        "batch_rows": batch,
        "patience_s": patience,
        "state_dir": state_dir,
    }
    _import(files, reading, sending, target(config, given, format_))


def _pair(text: str) -> tuple[str, str]:
    field, found, value = text.partition("=")
    if not found or not field or not value:
        raise GrowingParamException(
            f"--set: {text!r} is not FIELD=VALUE, for example event_name=order_paid"
        )
    return field, value


def _look(files: list[Path], reading: Reading) -> None:
    from growingio_tracker.bulk.plan import look_at, plan_files  # noqa: PLC0415 - as above
    from growingio_tracker.cli.import_display import show_look, show_time_note  # noqa: PLC0415

    console = Console()
    plans = plan_files(files, **reading)
    for plan in plans:
        show_look(console, plan, look_at(plan, reading["kind"]))
    show_time_note(console, plans)


def _import(files: list[Path], reading: Reading, sending: Sending, where: Target) -> None:
    from growingio_tracker.bulk.files import import_files  # noqa: PLC0415 - as above
    from growingio_tracker.bulk.plan import plan_files  # noqa: PLC0415
    from growingio_tracker.cli.import_display import (  # noqa: PLC0415
        bars,
        show_summary,
        show_time_note,
    )

    console = Console()
    stop = threading.Event()
    end_on_signals(stop.set)
    show_time_note(console, plan_files(files, **reading))
    with bars(console) as shown:
        summary = import_files(
            files,
            where.consumer,
            **reading,
            **sending,
            **where.options,
            on_progress=shown.update,
            stop=stop,
        )
    show_summary(console, summary)
    if summary.failed or not summary.is_complete:
        raise typer.Exit(1)
