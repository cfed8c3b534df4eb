"""The options of ``growingio import``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from growingio_tracker.cli.sending import Format


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


Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE…", help="CSV, TSV, NDJSON, each also compressed by gzip, or Parquet."
    ),
]
Kind = Annotated[RowKindName, typer.Option(help="What each row becomes.")]
Map = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="YAML",
        help="Which column becomes what. Without it, names decide; --dry-run shows how.",
    ),
]
Same = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="The same value in every row, such as event_name=order_paid; repeatable.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Send nothing; show the mapping and rows that would fail."),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=64, help="Files sent at once, and if above 1, processes that convert rows."
    ),
]
Rate = Annotated[float | None, typer.Option(help="Rows a second at most, of all files together.")]
Batch = Annotated[int, typer.Option(min=1, max=100_000, help="Rows of one request.")]
Patience = Annotated[
    float,
    typer.Option(min=0, help="Give a file up after so many seconds without an accepted batch."),
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Keep checkpoints and failed rows there, and not beside each file.",
    ),
]
Input = Annotated[
    InputName | None,
    typer.Option("--input", help="The format of the files. Without it, names decide."),
]
Delimiter = Annotated[
    str | None, typer.Option(metavar="CHARACTER", help="What stands between cells of CSV.")
]
Encoding = Annotated[str, typer.Option(help="utf-8 or gbk.")]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="TOML", help="Settings. Without it, the variables GROWINGIO_… alone count."
    ),
]
ProductId = Annotated[
    str | None, typer.Option(metavar="ID", help="The project; wins over the settings.")
]
DataSourceId = Annotated[
    str | None, typer.Option(metavar="ID", help="The data source; wins over the settings.")
]
Host = Annotated[
    str | None, typer.Option(metavar="URL", help="The server; wins over the settings.")
]
FormatName = Annotated[
    Format | None, typer.Option("--format", help="How to send; wins over the settings.")
]
