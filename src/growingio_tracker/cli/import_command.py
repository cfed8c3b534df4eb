"""``growingio import``: rows of files become events, users' attributes or items."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import typer
from rich.console import Console

from growingio_tracker.cli import import_options as options
from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.sending import CertOption
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


def import_(
    files: options.Files,
    kind: options.Kind = options.RowKindName.EVENT,
    map_: options.Map = None,
    set_: options.Same = None,
    dry_run: options.DryRun = False,
    workers: options.Workers = 1,
    rate: options.Rate = None,
    batch: options.Batch = 500,
    patience: options.Patience = 300.0,
    state_dir: options.StateDir = None,
    input_: options.Input = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    config: options.Config = None,
    product_id: options.ProductId = None,
    data_source_id: options.DataSourceId = None,
    server_host: options.Host = None,
    format_: options.FormatName = None,
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

    show_any_character()
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
