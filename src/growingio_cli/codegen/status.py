"""Reports of ``codegen status`` as text, JSON and JUnit."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol
from xml.etree.ElementTree import Element, SubElement

import msgspec

from growingio_cli.codegen.scanning import FoundCall, PlannedFunction, Scan
from growingio_wire.junit import add_case, junit_file
from growingio_wire.said import Said, harmless

_SUITE: Final = "generated calls"

_HEADING: Final = Said(
    "Planned calls: {called} called, {uncalled} never called. Unplanned: {unplanned}. "
    "Bypassing the module: {raw}.",
    "规划的调用：已调用 {called}，从未调用 {uncalled}。方案外 {unplanned}，绕过模块 {raw}。",
)
_UNCALLED: Final = Said(
    "{file}:{line}: never called   {kind} {name}", "{file}:{line}：从未调用  {kind} {name}"
)
_UNPLANNED: Final = Said(
    "{file}:{line}: not planned    {kind} {name}{hint}",
    "{file}:{line}：方案外    {kind} {name}{hint}",
)
_MEANT: Final = Said("; did you mean {advice}?", "；您要写的是 {advice} 吗？")
_RAW: Final = Said(
    "{file}:{line}: bypasses module {kind} {name}{hint}",
    "{file}:{line}：绕过模块  {kind} {name}{hint}",
)
_CALL: Final = Said("; call {advice}() instead", "；请改为调用 {advice}()")
_COMPUTED: Final = Said("with a computed name", "名称为计算所得")
_UNREADABLE: Final = Said(
    "{file}: not valid Python {version}; skipped",
    "{file}：不是有效的 Python {version} 代码，已跳过",
)
_KINDS: Final[Mapping[str, Said]] = {
    "event": Said("event", "事件"),
    "item": Said("item", "维度表"),
    "user": Said("users", "用户"),
}


class WriteStatus(Protocol):
    """Writes a status in UTF-8."""

    def __call__(self, found: Scan, *, chinese: bool, all_called: bool) -> bytes:
        """Return the status."""
        ...


def has_failed(found: Scan, *, all_called: bool) -> bool:
    """Tell whether a build fails.

    :param all_called: it does also when nothing calls something that is planned and not deprecated.
    """
    return bool(found.unplanned or found.raw or (all_called and _missing(found)))


def _missing(found: Scan) -> list[PlannedFunction]:
    return [one for one in found.uncalled if not one.is_deprecated]


def _text(found: Scan, *, chinese: bool, all_called: bool) -> bytes:
    lines = [harmless(said.chosen(chinese=chinese)) for said in _lines(found)]
    return ("\n".join(lines) + "\n").encode()


def _lines(found: Scan) -> Iterator[Said]:
    yield _HEADING.with_values(
        called=len(found.called),
        uncalled=len(found.uncalled),
        unplanned=len(found.unplanned),
        raw=len(found.raw),
    )
    for call in found.unplanned:
        yield _of_call(call, _UNPLANNED, _MEANT)
    for call in found.raw:
        yield _of_call(call, _RAW, _CALL)
    for one in found.uncalled:
        place = {"file": one.file, "line": one.line}
        yield _UNCALLED.with_values(**place, kind=_KINDS[one.kind], name=one.name)
    for file in found.unreadable:
        yield _UNREADABLE.with_values(file=file, version=platform.python_version())


def _of_call(call: FoundCall, sentence: Said, hint: Said) -> Said:
    return sentence.with_values(
        file=call.file,
        line=call.line,
        kind=_KINDS[call.kind],
        name=_COMPUTED if call.name is None else call.name,
        hint=hint.with_values(advice=call.advice) if call.advice else "",
    )


def _json(found: Scan, *, chinese: bool, all_called: bool) -> bytes:
    shown: dict[str, Any] = {
        "failed": has_failed(found, all_called=all_called),
        **{name: getattr(found, name) for name in ("called", "uncalled", "unplanned", "raw")},
        "unreadable": list(found.unreadable),
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=1) + b"\n"


def _junit(found: Scan, *, chinese: bool, all_called: bool) -> bytes:
    suite = Element("testsuite", name=_SUITE)
    for one in found.called:
        _case(suite, one.kind, one.name)
    missing = _missing(found) if all_called else []
    for one in found.uncalled:
        what = "failure" if one in missing else "skipped"
        SubElement(_case(suite, one.kind, one.name), what, message="nothing calls it")
    for sentence, hint, calls in ((_UNPLANNED, _MEANT, found.unplanned), (_RAW, _CALL, found.raw)):
        for call in calls:
            told = harmless(_of_call(call, sentence, hint).chosen(chinese=chinese))
            case = _case(suite, call.kind, f"{call.name or '?'} at {call.file}:{call.line}")
            SubElement(case, "failure", message=told)
    return junit_file(suite)


def _case(suite: Element, kind: str, name: str) -> Element:
    return add_case(suite, f"codegen.{kind}", name)


FORMATS: Final[Mapping[str, WriteStatus]] = {"text": _text, "json": _json, "junit": _junit}
"""The formats by name."""
