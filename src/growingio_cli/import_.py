"""``growingio import``: send rows of files and databases as events, user attributes or items."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from growingio_cli.console import WrongUsage, in_chinese, show_any_character
from growingio_cli.import_options import (
    BatchOption,
    DelimiterOption,
    DryRunOption,
    DsnOption,
    EncodingOption,
    FilesArgument,
    InputName,
    InputOption,
    KeepGoingOption,
    KeyOption,
    KindOption,
    MapOption,
    NullOption,
    PatienceOption,
    RateOption,
    RowKindName,
    SentFormatOption,
    SetOption,
    SkipLinesOption,
    SqlOption,
    StateDirOption,
    ToFilesOption,
    TrackingPlanOption,
    WorkersOption,
)
from growingio_cli.sending import (
    CertOption,
    ConfigOption,
    DataSourceIdOption,
    ProductIdOption,
    ServerHostOption,
    configured,
)
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_tracker.bulk import Query
    from growingio_wire.plan import Plan

STANDARD_INPUT: Final = Path("-")
DSN_VARIABLE: Final = "GROWINGIO_IMPORT_DSN"
_FILES_ONLY: Final = Said(
    "--input, --delimiter, --encoding, --skip-lines and --null are for files, not for --sql.",
    "--input、--delimiter、--encoding、--skip-lines 和 --null 用于文件，不能与 --sql 一起使用。",
)


@in_chinese(
    """把文件或数据库查询中的行导入为事件、登录用户属性或维度表记录。

    同一文件的各行保持顺序。Ctrl-C
    可停止导入，再次运行同一命令即可继续。失败的行连同原因写入一个文件，修正后可以再导入。

    退出状态：0 完成，1 有行失败（试运行时：会失败）或没有读完。"""
)
def import_(
    files: FilesArgument = None,
    sql: SqlOption = None,
    dsn: DsnOption = None,
    key: KeyOption = None,
    kind: KindOption = RowKindName.EVENT,
    map_: MapOption = None,
    set_: SetOption = None,
    plan: TrackingPlanOption = None,
    to_files: ToFilesOption = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = 1,
    rate: RateOption = None,
    batch: BatchOption = 500,
    patience: PatienceOption = 300.0,
    state_dir: StateDirOption = None,
    input_: InputOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    skip_lines: SkipLinesOption = 0,
    null: NullOption = None,
    keep_going: KeepGoingOption = False,
    config: ConfigOption = None,
    product_id: ProductIdOption = None,
    data_source_id: DataSourceIdOption = None,
    server_host: ServerHostOption = None,
    format_: SentFormatOption = None,
    ca_file: CertOption = None,
) -> None:
    """Import rows of files, or of a query, as events, users' attributes or items.

    The rows of a file keep their order. Ctrl-C stops the import; the same command resumes it.
    Failed rows go to a file with the reason, which can be corrected and imported.

    Exit status: 0 done, 1 rows failed (in a dry run: would fail) or not everything was read.
    """
    from growingio_cli.importing import ReadOptions, SendOptions, look, read_mapping, run
    from growingio_tracker.bulk.arguments import FileOptions
    from growingio_tracker.bulk.platform_files import NOWHERE

    show_any_character()
    options = FileOptions(
        input_.value if input_ else None, delimiter, encoding, skip_lines, tuple(null or ())
    )
    if sql is not None and options != FileOptions():
        raise WrongUsage(_FILES_ONLY)
    reading: ReadOptions = {
        "kind": kind.value,
        "mapping": None if map_ is None else read_mapping(map_),
        "same": dict(map(_pair, set_ or [])),
        "options": options,
    }
    sources = _sources(files or [], _query(sql, dsn, key), input_)
    if dry_run:
        raise typer.Exit(0 if look(sources, reading, _plan(plan)) else 1)
    configuration = configured(
        config,
        product_id=product_id,
        data_source_id=data_source_id,
        server_host=server_host if to_files is None else NOWHERE,
        verify_cert=None if ca_file is None else str(ca_file),
        format="json" if to_files else (None if format_ is None else format_.value),
    )
    sending: SendOptions = {
        "workers": workers,
        "rate": rate,
        "batch_rows": batch,
        "patience_s": patience,
        "state_dir": state_dir,
        "keep_going": keep_going,
        "tracking_plan": _plan(plan),
    }
    if not run(sources, reading, sending, configuration, to_files):
        raise typer.Exit(1)


def _plan(file: Path | None) -> Plan | None:
    if file is None:
        return None
    from growingio_wire.plan.reading import load_plan

    return load_plan(file).plan


def _query(sql: str | None, dsn: str | None, key: str | None) -> Query | None:
    if sql is None:
        if dsn is not None or key is not None:
            raise WrongUsage(
                Said("--dsn and --key need --sql.", "--dsn 和 --key 需要与 --sql 一起使用。")
            )
        return None
    address = dsn or os.environ.get(DSN_VARIABLE)
    if not address:
        raise WrongUsage(
            Said(
                f"the database for --sql is missing. Set it with --dsn or {DSN_VARIABLE}.",
                f"缺少 --sql 的数据库：请给出 --dsn，或设置环境变量 {DSN_VARIABLE}。",
            )
        )
    from growingio_cli.importing import warn_of_password
    from growingio_tracker.bulk import Query

    if dsn is not None:
        warn_of_password(dsn, DSN_VARIABLE)
    return Query(sql, address, key)


def _sources(
    files: list[Path], query: Query | None, input_: InputName | None
) -> list[Path | Query]:
    if query is not None:
        if files:
            raise WrongUsage(
                Said("give either files or --sql, not both.", "文件和 --sql 只能给出其中一种。")
            )
        return [query]
    if not files:
        raise WrongUsage(
            Said(
                "give at least one file, - for standard input, or --sql.",
                "请给出至少一个文件（- 表示标准输入），或 --sql。",
            )
        )
    _check_standard_input(files, input_)
    return [*files]


def _check_standard_input(files: list[Path], input_: InputName | None) -> None:
    if STANDARD_INPUT not in files:
        return
    if len(files) > 1:
        raise WrongUsage(
            Said(
                "- is standard input, and cannot be imported together with files.",
                "- 表示标准输入，不能与其他文件一起导入。",
            )
        )
    if input_ is None:
        raise WrongUsage(
            Said(
                "standard input needs a format: --input csv, tsv, ndjson or parquet.",
                "从标准输入导入时需要指定格式：--input csv、tsv、ndjson 或 parquet。",
            )
        )


def _pair(given: str) -> tuple[str, str]:
    field, found, value = given.partition("=")
    if not found or not field or not value:
        raise WrongUsage(
            Said(
                f"--set {given!r} is not FIELD=VALUE, for example event_name=order_paid.",
                f"--set {given!r} 不是 FIELD=VALUE 的形式，例如 event_name=order_paid。",
            )
        )
    return field, value
