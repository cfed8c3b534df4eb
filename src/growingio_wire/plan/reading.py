"""Reading of a plan: encoding, format (YAML, CSV or XLSX), and all of its defects."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from growingio_wire.errors import invalid, missing_data, missing_extra
from growingio_wire.plan import Plan
from growingio_wire.plan.building import Builder
from growingio_wire.plan.csv_reading import parse_csv
from growingio_wire.plan.source import Defect, PlanError
from growingio_wire.plan.yaml_reading import parse_yaml
from growingio_wire.said import Said

MAX_PLAN_BYTES: Final = 1024 * 1024

_PACKAGE: Final = "growingio_wire.plan"

YAML: Final = "yaml"
CSV: Final = "csv"

_ZIP: Final = b"PK\x03\x04"
"""First bytes of a workbook."""

_MAX_UNPACKED: Final = 64 * 1024 * 1024

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Loaded(NamedTuple):
    """A plan as it was read.

    ``format`` is ``"yaml"`` or ``"csv"``; ``notes`` are remarks that are no defects.
    """

    plan: Plan
    text: str
    format: str
    notes: tuple[Defect, ...] = ()


def plan_schema() -> bytes:
    """Return the JSON Schema of a plan for editors, equivalent to ``building``.

    :raises GrowingError: if the program was packed without it.
    """
    file = files(_PACKAGE) / "plan.schema.json"
    if not file.is_file():
        raise missing_data(Said("the schema of plans", "plan 的 schema"), "growingio_wire")
    return file.read_bytes()


def load_plan(path: Path) -> Loaded:
    """Return the plan in the file at ``path``: CSV or XLSX if its name ends so, YAML otherwise.

    :raises PlanError: if it has defects; all of them are named.
    :raises GrowingParamException: if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PLAN_BYTES + 1)
    except OSError as error:
        raise invalid(
            f"plan: {path} cannot be read ({error.strerror}). Name a YAML, CSV or XLSX file.",
            f"plan：无法读取 {path}（{error.strerror}）。请指定 YAML、CSV 或 XLSX 文件。",
            "plan",
            code="unreadable",
            source=str(path),
            reason=error.strerror,
        ) from error
    return read_plan(content, str(path), CSV if path.suffix.lower() == ".csv" else YAML)


def read_plan(content: bytes, source: str, format_: str | None = None) -> Loaded:
    """Return the plan in ``content``.

    A workbook (XLSX) is read as the CSV of its first sheet, and its text is that CSV.

    :param source: its name in errors.
    :param format_: ``"yaml"`` or ``"csv"``; None looks at the content.
    :raises PlanError: if it has defects; all of them are named.
    :raises MissingExtraError: if it is a workbook, and openpyxl is not installed.
    """
    if len(content) > MAX_PLAN_BYTES:
        raise PlanError(source, [Defect("too_large", 0, "", {"most": MAX_PLAN_BYTES, "what": "B"})])
    if content.startswith(_ZIP):
        content, format_ = _from_xlsx(content, source), CSV
    text, notes = _decoded(content, source)
    format_ = format_ or _sniffed(text)
    parsed = (parse_csv if format_ == CSV else parse_yaml)(text)
    builder = Builder()
    # A file that could not be parsed already has a defect; do not report it as empty, too.
    plan = builder.plan(parsed.root) if parsed.root.line else Plan()
    if defects := [*parsed.defects, *builder.defects]:
        raise PlanError(source, defects)
    return Loaded(plan, text, format_, (*notes, *parsed.notes))


def _from_xlsx(content: bytes, source: str) -> bytes:
    try:
        return _as_csv(content).encode()
    except _NotXlsxError as error:
        raise PlanError(source, [Defect("not_xlsx", 0, "", {"detail": str(error)})]) from error


def _decoded(content: bytes, source: str) -> tuple[str, tuple[Defect, ...]]:
    # Excel's "Unicode text" is UTF-16, and its "CSV" on a Chinese computer is GBK.
    utf16 = content.startswith(_UTF16)
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030"), (Defect("read_as_gbk", 0),)
    except UnicodeDecodeError as error:
        raise PlanError(source, [Defect("not_text", 0)]) from error


def _sniffed(text: str) -> str:
    """Tell CSV by its first line: a header has several cells and no colon."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(lines, "")
    return CSV if any(mark in first for mark in ",;\t") and ":" not in first else YAML


class _NotXlsxError(Exception):
    """A file is not a readable workbook; the message says why."""


def _as_csv(content: bytes) -> str:
    """Return the first sheet of a workbook as CSV, with the same rows.

    :raises _NotXlsxError: if it cannot be read.
    :raises MissingExtraError: openpyxl is not installed.
    """
    try:
        import openpyxl  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise missing_extra(Said("Reading XLSX", "读取 XLSX"), "xlsx") from error
    _check_size(content)
    written = io.StringIO()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        csv.writer(written, lineterminator="\n").writerows(_rows(book.worksheets[0]))
    except Exception as error:  # openpyxl raises many kinds
        raise _NotXlsxError(type(error).__name__) from error
    return written.getvalue()


def _check_size(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _NotXlsxError(type(error).__name__) from error
    if size > _MAX_UNPACKED:
        raise _NotXlsxError(f"{size} B")


def _rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows(values_only=True):
        yield [_cell(value) for value in row]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
