"""A plan's report, and the formats it is given out in."""

import json
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from growingio_collector.plan.report import (
    NeverSeen,
    NotPlanned,
    bad_reasons,
    coverage_reasons,
    make_outcome,
    make_report,
    plan_reasons,
)
from growingio_collector.plan.report_formats import MEDIA_TYPES, REPORTS, report_text
from growingio_wire.plan.reading import read_plan
from kept_run import custom, item, keep

PLAN = read_plan(
    b"""
events:
  order_paid: {attributes: {amount: {type: number, required: true}}}
  refunded: {description: Money back}
  gone: {deprecated: true}
items:
  goods:
""",
    "test",
).plan


def _filled(folder: Path) -> Path:
    return keep(
        folder / "a.db",
        custom("order_paid", {"amount": "3"}),
        custom("order_paid", {"amount": "x"}),
        custom("order_paid", {"amount": []}),
        custom("order_paid"),
        custom("orderPaid"),
        custom("\x1b[2J\x00"),
        {"eventType": "VISIT", "timestamp": 1, "userId": "u1", "dataSourceId": "d"},
        items=(item("goods"),),
    )


def _cases(content: bytes) -> dict[str, Element]:
    return {case.get("name", ""): case for case in fromstring(content).iter("testcase")}


def test_report(tmp_path: Path) -> None:
    """Everything planned is seen or never seen, everything else is not planned, with counts."""
    report = make_report(_filled(tmp_path), PLAN)
    assert [(one.kind, one.name, one.events, one.bad) for one in report.seen] == [
        ("event", "order_paid", 4, 3),
        ("item", "goods", 1, 0),
    ]
    assert report.never_seen == [
        NeverSeen("event", "refunded", "Money back", deprecated=False),
        NeverSeen("event", "gone", "", deprecated=True),
    ]
    assert report.not_planned == [
        NotPlanned("event", "orderPaid", "order_paid", 1, 5),
        NotPlanned("event", "\x1b[2J\x00", None, 1, 6),
    ]
    assert (report.violated, report.missing) == (True, 1)


def test_after(tmp_path: Path) -> None:
    """Events up to an id can be left out, so that a kept file does not spoil a new run."""
    path = keep(_filled(tmp_path), custom("order_paid", {"amount": 1}))
    report = make_report(path, PLAN, after=8)
    assert [(one.name, one.events, one.bad) for one in report.seen] == [("order_paid", 1, 0)]
    assert not report.violated


def test_json(tmp_path: Path) -> None:
    """The JSON has wrong types by attribute, with the count and the newest event as an example."""
    shown = json.loads(REPORTS["json"](make_report(_filled(tmp_path), PLAN)))
    assert shown["wrong_types"] == [
        {
            "kind": "event",
            "name": "order_paid",
            "path": "attributes.amount",
            "shown": "[]",
            "wanted": "number",
            "events": 2,
            "event": 3,
        }
    ]
    [wrong, missing] = shown["seen"][0]["problems"]
    assert (wrong["level"], wrong["events"], missing["event"]) == ("bad", 2, 4)
    assert "埋点方案" in wrong["sentence_zh"]


def test_junit(tmp_path: Path) -> None:
    """Every planned and unplanned name is a case: passed, failed with reasons, or skipped."""
    content = REPORTS["junit"](make_report(_filled(tmp_path), PLAN))
    cases = _cases(content)
    assert list(cases) == [
        "order_paid",
        "goods",
        "refunded",
        "gone",
        "orderPaid",
        "\\x1b[2J\\x00",
    ]
    assert [[child.tag for child in case] for case in cases.values()] == [
        ["failure"],
        [],
        ["skipped"],
        ["skipped"],
        ["failure"],
        ["failure"],
    ]
    assert "attributes.amount is []" in (cases["order_paid"][0].text or "")
    suite = fromstring(content)[0].attrib
    assert (suite["tests"], suite["failures"], suite["skipped"]) == ("6", "3", "2")


def test_junit_of_warnings(tmp_path: Path) -> None:
    """A name with warnings only passes, and the warnings are its output."""
    path = keep(tmp_path / "a.db", custom("gone"))
    [child] = _cases(REPORTS["junit"](make_report(path, PLAN)))["gone"]
    assert child.tag == "system-out"
    assert "deprecated" in (child.text or "")


def test_text(tmp_path: Path) -> None:
    """The text says all four things and is safe to print."""
    text = REPORTS["text"](make_report(_filled(tmp_path), PLAN)).decode()
    assert text.startswith(
        "Tracking plan: 2 seen (1 with violations), 2 never seen, 2 not planned.\n"
    )
    assert "never seen   event refunded\n" in text
    assert "Did you mean order_paid?\n" in text
    assert "bad in 2 of 4, such as event 3: attributes.amount is []" in text
    assert "\x1b" not in text


def test_text_in_chinese(tmp_path: Path) -> None:
    """The same text in Chinese has the same numbers and no English word but names."""
    text = report_text(make_report(_filled(tmp_path), PLAN), is_chinese=True)
    assert text.startswith("埋点方案：已收到 2（其中 1 个不符合方案），从未收到 2，方案外 2。\n")
    assert "从未收到  事件 refunded\n" in text
    assert "您要写的是 order_paid 吗？\n" in text
    assert "4 个事件中有 2 个（错误），例如事件 3：attributes.amount" in text
    assert " in " not in text


def test_formats_have_media_types() -> None:
    """Every format has a media type."""
    assert REPORTS.keys() == MEDIA_TYPES.keys()


def test_outcome(tmp_path: Path) -> None:
    """A build can fail on bad events, on the plan, or on coverage, each with its reasons."""
    path = _filled(tmp_path)
    outcome = make_outcome(path, PLAN)
    assert bad_reasons(outcome) == []
    assert [reason.en for reason in plan_reasons(outcome)] == [
        "events that violate the plan: 3",
        "names not planned: 2",
    ]
    assert coverage_reasons(outcome)[2].en == "planned and never seen: 1"
    assert coverage_reasons(outcome)[2].zh == "已规划但从未收到 1 个"
    keep(path, {"eventType": "CUSTOM", "eventName": "order_paid"})
    later = make_outcome(path, None, after=8)
    assert [reason.en for reason in bad_reasons(later)] == ["bad events: 1"]
    assert plan_reasons(later) == coverage_reasons(later) == []
