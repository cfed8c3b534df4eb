"""The configuration: what holds, where it comes from, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from growingio_tracker.config.build import (
    DEFAULT_FORMAT,
    DEFAULT_STRATEGY,
    Configuration,
    build,
    gather,
    with_refusals,
)
from growingio_tracker.config.settings import Settings, masked
from growingio_tracker.consumers.base import is_disabled
from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.exceptions import GrowingError, GrowingParamException
from growingio_tracker.tracker import GrowingTracker

_NAME: Final = "configuration"
_DEFAULTS: Final = {"strategy": DEFAULT_STRATEGY, "format": DEFAULT_FORMAT}
_CORRECT: Final = (
    "Correct it; docs/configuration.md lists every key.",
    "请修正；所有配置项见 docs/configuration.md。",
)


class Shown(Struct, frozen=True):
    """One setting as it may be shown: ids only by their beginning.

    :param origin: the variable, or the file and the line; ``"default"`` when nobody set it.
    """

    name: str
    value: str
    origin: str


class Read(Struct, frozen=True):
    """What was read."""

    settings: Settings
    shown: list[Shown]
    findings: list[Finding]


def read(path: str | os.PathLike[str] | None, environ: Mapping[str, str] | None) -> Read:
    """Read the configuration as a tracker does, and find everything that is wrong with it."""
    try:
        gathered = gather(path, environ)
    except GrowingError as error:
        return Read({}, [], [_mistake(str(error))])
    mistakes = _mistakes(gathered)
    findings = [_mistake(one) for one in mistakes] or [_all_well(len(gathered.settings))]
    if is_disabled() or ("disabled" in gathered.settings and gathered.settings["disabled"].value):
        findings.append(_DISABLED)
    return Read(gathered.settings, _shown(gathered.settings), findings)


def _mistakes(gathered: Configuration) -> list[str]:
    try:
        build(gathered, GrowingTracker.consumer)  # which starts and opens nothing
    except GrowingParamException:
        return with_refusals(gathered, GrowingTracker.consumer).mistakes
    except (GrowingError, OSError) as error:
        return [str(error)]
    return []


def _shown(settings: Settings) -> list[Shown]:
    given = [Shown(name, _masked(name, one.value), one.origin) for name, one in settings.items()]
    rest = _DEFAULTS.items() - {(one.name, _DEFAULTS.get(one.name)) for one in given}
    return [*given, *(Shown(name, repr(value), "default") for name, value in sorted(rest))]


def _masked(name: str, value: object) -> str:
    # What stands before an @ in an address may be a password.
    return "…" if isinstance(value, str) and "@" in value else masked(name, value)


def _mistake(text: str) -> Finding:
    return finding(_NAME, "bad", (text, f"配置有误：{text}"), _CORRECT)


def _all_well(values: int) -> Finding:
    said = (f"{values} values, and nothing wrong with them", f"共 {values} 项配置，没有发现错误")
    return finding(_NAME, "ok", said, NO_FIX)


_DISABLED: Final = finding(
    "disabled",
    "warn",
    ("Sending is switched off: every event is discarded.", "发送已关闭：所有事件都会被丢弃。"),
    (
        "Remove GROWINGIO_DISABLED, or set disabled = false.",
        "请去掉 GROWINGIO_DISABLED，或设置 disabled = false。",
    ),
)
