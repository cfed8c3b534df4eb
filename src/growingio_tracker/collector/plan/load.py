"""Reading a plan: its encoding, its format, and all defects at once."""

from pathlib import Path
from typing import Final, NamedTuple

from growingio_tracker.collector.plan.build import Builder
from growingio_tracker.collector.plan.defects import Defect, PlanError
from growingio_tracker.collector.plan.from_csv import parse_csv
from growingio_tracker.collector.plan.from_yaml import parse_yaml
from growingio_tracker.collector.plan.model import Plan
from growingio_tracker.exceptions import GrowingParamException

MAX_PLAN_BYTES: Final = 1024 * 1024
SCHEMA_FILE: Final = Path(__file__).with_name("plan.schema.json")
"""The JSON Schema of a plan, which says the same as ``build`` to an editor."""

YAML: Final = "yaml"
CSV: Final = "csv"

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Loaded(NamedTuple):
    """A plan as it was read.

    ``format`` is ``"yaml"`` or ``"csv"``; ``notes`` are what to know of it.
    """

    plan: Plan
    text: str
    format: str
    notes: tuple[Defect, ...] = ()


def load_plan(path: Path) -> Loaded:
    """Return the plan in the file at ``path``: CSV if its name ends so, YAML otherwise.

    :raises PlanError: it has defects; all of them are named.
    :raises GrowingParamException: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PLAN_BYTES + 1)
    except OSError as error:
        raise GrowingParamException(
            f"plan: {path} cannot be read ({error.strerror}). Name a YAML or CSV file."
        ) from error
    return read_plan(content, str(path), CSV if path.suffix.lower() == ".csv" else YAML)


def read_plan(content: bytes, source: str, format_: str | None = None) -> Loaded:
    """Return the plan in ``content``.

    :param source: how errors call it.
    :param format_: ``"yaml"`` or ``"csv"``; None looks at the content.
    :raises PlanError: it has defects; all of them are named.
    """
    if len(content) > MAX_PLAN_BYTES:
        raise PlanError(source, [Defect("too_large", 0, "", {"most": MAX_PLAN_BYTES, "what": "B"})])
    text, notes = _decoded(content, source)
    format_ = format_ or _sniffed(text)
    parsed = (parse_csv if format_ == CSV else parse_yaml)(text)
    builder = Builder()
    # A file that could not be parsed has said so; an empty plan would be no news.
    plan = builder.plan(parsed.root) if parsed.root.line else Plan()
    if defects := [*parsed.defects, *builder.defects]:
        raise PlanError(source, defects)
    return Loaded(plan, text, format_, notes)


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
