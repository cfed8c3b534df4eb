"""No proxy of the machine comes between the tests and 127.0.0.1."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_proxy_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take proxies out of the environment."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
