"""JUnit files of one suite, as continuous integration reads them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from growingio_wire.said import harmless


def add_case(suite: Element, group: str, name: str) -> Element:
    """Add a test case to a suite, and return it; it passes unless a failure is added.

    :param name: any text; characters that XML cannot contain are escaped.
    """
    return SubElement(suite, "testcase", classname=group, name=harmless(name), time="0")


def junit_file(suite: Element) -> bytes:
    """Return a suite with its counts as a file in UTF-8."""
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
