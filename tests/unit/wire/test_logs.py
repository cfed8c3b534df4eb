"""Loggers of programs with and without ``logging``."""

from __future__ import annotations

import logging
import sys
from types import ModuleType

import pytest

from delivering.processes import run_well
from growingio_wire.logs import Log

NAME = "growingio_tracker.tested"


def test_without_logging() -> None:
    """A program that has not imported ``logging`` hears nothing, and is not made to import it."""
    run_well(
        """
        import sys
        from growingio_wire.logs import Log
        log = Log("growingio_tracker.tested")
        log.debug("1", exc_info=True)
        log.warning("2", stack_info=True)
        log.exception("3")
        assert "logging" not in sys.modules
        """
    )


@pytest.mark.parametrize("configured", [True, False])
def test_logging_imported_later(configured: bool) -> None:
    """A program that imports ``logging`` later hears us where it asked for it, and only there."""
    heard = run_well(
        f"""
        import sys
        from growingio_wire.logs import Log
        log = Log("growingio_tracker.tested")
        import logging
        if {configured}:
            logging.basicConfig(stream=sys.stdout)
        log.warning("%d lost", 1)
        """
    )
    assert heard == ("WARNING:growingio_tracker.tested:1 lost\n" if configured else "")


def test_logging_imported_before() -> None:
    """If ``logging`` is imported, the logger exists at once, and configurations find it."""
    Log("growingio_tracker.tested_at_once")
    assert "growingio_tracker.tested_at_once" in logging.root.manager.loggerDict


def test_half_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """While ``logging`` is being imported, there is nobody to tell."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "logging", ModuleType("logging"))
        log = Log("growingio_tracker.tested_half")
        log.warning("nobody hears this")
    assert "growingio_tracker.tested_half" not in logging.root.manager.loggerDict


def test_record(caplog: pytest.LogCaptureFixture) -> None:
    """A record names the line that logs, and holds the error and stack that were asked for."""
    log = Log(NAME)
    caplog.set_level(logging.DEBUG, NAME)
    try:
        int("x")
    except ValueError:
        log.exception("one")
        log.debug("two", exc_info=True)
    log.warning("three", stack_info=True)
    assert [(one.levelname, one.msg) for one in caplog.records] == [
        ("ERROR", "one"),
        ("DEBUG", "two"),
        ("WARNING", "three"),
    ]
    assert {one.funcName for one in caplog.records} == {"test_record"}
    assert [bool(one.exc_info) for one in caplog.records] == [True, True, False]
    assert caplog.records[2].stack_info is not None
    assert 'log.warning("three"' in caplog.records[2].stack_info.splitlines()[-1]
