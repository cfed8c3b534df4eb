"""Options of ``growingio import``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from growingio_cli.console import argument, existing_directory, option
from growingio_cli.sending import FORMATS, Format


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


FilesArgument = Annotated[
    list[Path] | None,
    argument(
        "CSV, TSV or NDJSON, also gzipped, or Parquet. - reads standard input.",
        "CSV、TSV、NDJSON（均可用 gzip 压缩）或 Parquet。- 表示标准输入。",
        metavar="FILE…",
    ),
]
KindOption = Annotated[
    RowKindName, option("The kind of the rows.", "各行的种类。", metavar="event|user|item")
]
MapOption = Annotated[
    Path | None,
    option(
        "The column of each field. Default: by name; --dry-run shows it.",
        "各字段对应的列。默认按列名；--dry-run 会显示。",
        "--map",
        metavar="YAML",
    ),
]
SetOption = Annotated[
    list[str] | None,
    option(
        "One value for every row, for example event_name=order_paid. Repeatable.",
        "每一行都相同的值，例如 event_name=order_paid。可重复给出。",
        "--set",
        metavar="FIELD=VALUE",
    ),
]
DryRunOption = Annotated[
    bool,
    option(
        "Send nothing. Show the mapping and the rows that would fail.",
        "不发送，只显示映射和会失败的行。",
        "--dry-run",
    ),
]
WorkersOption = Annotated[
    int,
    option(
        "Files sent at the same time; if above 1, also processes that convert rows.",
        "同时发送的文件数；大于 1 时也是转换行的进程数。",
        min=1,
        max=64,
        metavar="N",
    ),
]
RateOption = Annotated[
    float | None,
    option("Maximum rows per second, over all files.", "所有文件合计每秒最多的行数。", metavar="N"),
]
BatchOption = Annotated[
    int, option("Rows in one request.", "一个请求的行数。", min=1, max=100_000, metavar="N")
]
PatienceOption = Annotated[
    float,
    option(
        "Stop retrying a file after this many seconds.",
        "重试一个文件的秒数上限。",
        min=0,
        metavar="SECONDS",
    ),
]
StateDirOption = Annotated[
    Path | None,
    option(
        "The directory of checkpoints and failed rows. Default: next to each file.",
        "存放检查点和失败行的目录。默认在各文件旁边。",
        metavar="DIR",
        callback=existing_directory,
    ),
]
InputOption = Annotated[
    InputName | None,
    option(
        "The format of the files. Default: by the file name.",
        "文件的格式。默认按文件名判断。",
        "--input",
        metavar="csv|tsv|ndjson|parquet",
    ),
]
DelimiterOption = Annotated[
    str | None,
    option(
        "The separator of CSV cells. Default: detected in the header.",
        "CSV 单元格之间的分隔符。默认根据表头判断。",
        metavar="CHARACTER",
    ),
]
EncodingOption = Annotated[
    str | None,
    option(
        "utf-8, gbk or utf-16. Default: detected.",
        "utf-8、gbk 或 utf-16。默认自动判断。",
        metavar="NAME",
    ),
]
SkipLinesOption = Annotated[
    int,
    option("Lines to skip before the header.", "表头之前要跳过的行数。", min=0, metavar="N"),
]
NullOption = Annotated[
    list[str] | None,
    option(
        "A CSV cell that means no value, for example NULL. Repeatable.",
        "表示没有值的 CSV 单元格，例如 NULL。可重复给出。",
        metavar="WORD",
    ),
]
KeepGoingOption = Annotated[
    bool,
    option(
        "Continue a file whose first 1,000 rows all fail.",
        "即使文件的前 1000 行全部失败也继续。",
        "--keep-going",
    ),
]
SqlOption = Annotated[
    str | None,
    option(
        "Import the rows of this query instead of files.",
        "不导入文件，而导入此查询的各行。",
        "--sql",
        metavar="SELECT",
    ),
]
DsnOption = Annotated[
    str | None,
    option(
        "The database, for example postgresql://user@host/name. Prefer "
        "GROWINGIO_IMPORT_DSN: the process list shows passwords that are given here.",
        "数据库，例如 postgresql://user@host/name。最好写在 GROWINGIO_IMPORT_DSN 中，"
        "因为写在这里的密码会出现在进程列表里。",
        "--dsn",
        metavar="URL",
    ),
]
KeyOption = Annotated[
    str | None,
    option(
        "The column that orders the query; a later run continues after its last value.",
        "按哪一列读取查询结果；中断后或再次运行时从该列的值继续。",
        "--key",
        metavar="COLUMN",
    ),
]
ToFilesOption = Annotated[
    Path | None,
    option(
        "Send nothing; write files for the platform's own importer into this directory.",
        "不发送，而是在此目录中写入供平台自带导入工具使用的文件。",
        metavar="DIR",
        callback=existing_directory,
    ),
]
TrackingPlanOption = Annotated[
    Path | None,
    option(
        "Fail rows that violate this tracking plan: YAML, CSV or XLSX.",
        "不符合此埋点方案（YAML、CSV 或 XLSX）的行视为失败。",
        "--plan",
        metavar="FILE",
    ),
]
SentFormatOption = Annotated[
    Format | None,
    option(
        "The format to send in. Overrides the configuration.",
        "发送的格式。优先于配置。",
        "--format",
        metavar=FORMATS,
    ),
]
