"""A report as JUnit XML, which every CI shows: one test case a planned or unplanned name."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from growingio_tracker.collector.plan.report import Report
from growingio_tracker.collector.plan.report_text import problem_lines
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.terminal import harmless

_SUITE = "tracking plan"


def junit(report: Report, *, never_seen_fails: bool = False) -> bytes:
    """Return ``report`` as a JUnit file in UTF-8.

    A planned name passes when no event of it is bad, and is skipped when it was never seen. A
    name that is not planned fails.

    :param never_seen_fails: never seen is a failure, unless the name is deprecated.
    """
    suite = Element("testsuite", name=_SUITE)
    _add_seen(suite, report)
    _add_never_seen(suite, report, never_seen_fails)
    _add_not_planned(suite, report)
    counts = {
        "tests": len(suite),
        "failures": len(suite.findall("*/failure")),
        "errors": 0,
        "skipped": len(suite.findall("*/skipped")),
    }
    for name, count in counts.items():
        suite.set(name, str(count))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    written: bytes = tostring(root, "utf-8", xml_declaration=True)
    return written + b"\n"


def _case(suite: Element, kind: str, name: str) -> Element:
    # XML cannot hold control characters at all; names are text from strangers.
    return SubElement(suite, "testcase", classname=f"plan.{kind}", name=harmless(name), time="0")


def _add_seen(suite: Element, report: Report) -> None:
    for seen in report.seen:
        case, lines = _case(suite, seen.kind, seen.name), problem_lines(seen)
        if seen.bad:
            message = f"{seen.bad} of {seen.events} violate the plan"
            SubElement(case, "failure", message=message, type=BAD).text = "\n".join(lines)
        elif lines:
            SubElement(case, "system-out").text = "\n".join(lines)


def _add_never_seen(suite: Element, report: Report, fails: bool) -> None:
    for never in report.never_seen:
        case = _case(suite, never.kind, never.name)
        if fails and not never.deprecated:
            SubElement(case, "failure", message="planned and never seen", type="never_seen")
        else:
            SubElement(case, "skipped", message="planned and never seen")


def _add_not_planned(suite: Element, report: Report) -> None:
    for one in report.not_planned:
        case = _case(suite, one.kind, one.name)
        hint = f" Did you mean {harmless(one.nearest)}?" if one.nearest else ""
        failure = SubElement(case, "failure", message="not planned", type="not_planned")
        failure.text = f"{one.events} arrived, such as event {one.event}.{hint}"
