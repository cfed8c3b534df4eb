"""docs/support.md, in both languages, against the requirements and what is installed here."""

from __future__ import annotations

import re
from importlib.metadata import distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tree import DOCS

PAGES = [DOCS / "support.md", DOCS / "support.zh-CN.md"]
NAMES = {
    "django": "Django",
    "flask": "Flask",
    "celery": "Celery",
    "starlette": "Starlette",
    "uvicorn": "uvicorn",
    "pyarrow": "pyarrow",
    "openpyxl": "openpyxl",
    "sqlalchemy": "SQLAlchemy",
    "confluent-kafka": "Kafka",
    "opentelemetry-api": "OpenTelemetry",
}
"""What the page calls the packages of extras."""
EXACT = {"Flask": "flask", "Spark": "pyspark"}
"""Rows that say which version is tested, and the package."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_oldest(page: Path) -> None:
    """The row of a package has the oldest version that its extra admits."""
    rows = page.read_text("utf-8").splitlines()
    bounds = {
        one.name: spec.version
        for one in map(Requirement, requires("growingio_tracker") or ())
        for spec in one.specifier
        if one.name in NAMES
    }
    assert set(bounds) == set(NAMES)
    missing = [
        f"{NAMES[name]} {bound}"
        for name, bound in bounds.items()
        if not any(re.search(rf"\b{NAMES[name]}\b.*\b{re.escape(bound)}", row) for row in rows)
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tested(page: Path) -> None:
    """What the page says is tested is what these tests run with."""
    text = page.read_text("utf-8")
    here = {one.name.lower() for one in distributions()}
    for row, package in EXACT.items():
        found = re.search(rf"^\| {row}[^|]*\| ([\d.]+) \|", text, re.MULTILINE)
        assert found, row
        assert package not in here or f"{version(package)}.".startswith(f"{found[1]}."), row
