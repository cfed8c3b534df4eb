"""Environments for the programs and commands of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from installed import Environment, Installed, Made, Wanted, wanted_by


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return the environment with what is wanted, one for each set of requirements."""
    environments: dict[Wanted, Environment] = {}

    def of(wanted: Wanted) -> Environment:
        if wanted not in environments:
            folder = tmp_path_factory.mktemp("environment")
            environments[wanted] = Environment(folder, wanted)
        return environments[wanted]

    return of


@pytest.fixture(scope="session")
def installed(made: Made) -> Installed:
    """Return the environment that the reader of a page has."""

    def of(page: Path) -> Environment:
        return made(wanted_by(page.read_text("utf-8")))

    return of
