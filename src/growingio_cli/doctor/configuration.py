"""Check of the configuration: every setting, its origin, and every mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from growingio_cli.doctor.findings import Finding
from growingio_tracker.config import Configuration, build, gather, parser_of
from growingio_tracker.config.keys import (
    DEFAULT_FORMAT,
    DEFAULT_STRATEGY,
    FORMATS,
    IDENTITY,
    Mistake,
    ignored,
)
from growingio_tracker.config.settings import (
    Setting,
    Settings,
    masked,
)
from growingio_tracker.consumers.pipelines import is_disabled
from growingio_tracker.testing import MemoryTransport
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.endpoints import base_url
from growingio_wire.errors import GrowingError, GrowingParamException, MissingExtraError, said_of
from growingio_wire.said import NOTHING, Said

_NAME: Final = "configuration"
_DEFAULTS: Final = {"strategy": DEFAULT_STRATEGY, "format": DEFAULT_FORMAT}
_CORRECT: Final = Said(
    "Correct the line, the variable or the option that is named.",
    "请修正上面指出的行、变量或选项。",
)

_PLACEHOLDER: Final = re.compile(
    r"(https?://)?(<.*>|\{.*\}|your[_ -].*|Your[A-Z].*|x{3,}|…|\.{3}|[您你]的.*)/?", re.IGNORECASE
)
"""A value as documentation writes it, to be replaced."""
_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/|$)")
"""A host, with a dot in its name, and no scheme before it."""
_COLLECT_PATH: Final = "/v3/projects/"


class ShownSetting(Struct, frozen=True):
    """One setting as it may be shown: of ids only the beginning.

    :param origin: the variable, or the file and the line; empty when nobody set it.
    """

    name: str
    value: str
    origin: Said


class CheckedConfiguration(Struct, frozen=True):
    """A configuration with its findings."""

    settings: Settings
    shown: list[ShownSetting]
    findings: list[Finding]


def read(
    path: str | os.PathLike[str] | None, environ: Mapping[str, str] | None
) -> CheckedConfiguration:
    """Read the configuration as a tracker does, and find every mistake in it."""
    try:
        gathered = gather(path, environ)
    except GrowingError as error:
        return CheckedConfiguration({}, [], [_mistake(Mistake(error.said), {})])
    settings = gathered.settings
    findings = [*_placeholders(settings), *_pasted_path(settings)]
    told = {name for name, one in settings.items() if _is_placeholder(name, one)}
    told |= {"server_host"} if _without_path(settings) is not settings else set()
    findings += [_mistake(one, settings) for one in _mistakes(gathered, told)]
    if not findings:
        findings.append(_all_valid(len(settings)))
    findings += _unknown(gathered)
    if is_disabled() or ("disabled" in settings and settings["disabled"].value):
        findings.append(_DISABLED)
    return CheckedConfiguration(_reachable(settings), _shown(settings), findings)


def _placeholders(settings: Settings) -> Iterator[Finding]:
    for name, one in settings.items():
        if _is_placeholder(name, one):
            said = Said(
                f"{one.origin}: {name} is still the placeholder {one.value!r}",
                f"{one.place.zh}：{name} 仍是占位符 {one.value!r}",
            )
            yield Finding(_NAME, "bad", said, _REPLACE)


def _is_placeholder(name: str, one: Setting) -> bool:
    return name in IDENTITY and _PLACEHOLDER.fullmatch(str(one.value)) is not None


_REPLACE: Final = Said(
    "Replace it with your project's value: AccountID for product_id, DataSourceID for "
    "data_source_id, and for server_host the collect address (ServerHost), not the address of the "
    "web platform.",
    "请换成项目的实际值：product_id 为 AccountID（项目 ID），data_source_id 为 DataSourceID"
    "（数据源 ID），server_host 为采集地址（ServerHost），而非平台地址。",
)


def _pasted_path(settings: Settings) -> Iterator[Finding]:
    corrected = _without_path(settings)
    if corrected is not settings:
        place, host = settings["server_host"].place, corrected["server_host"].value
        said = Said(
            f"{place.en}: server_host contains the path of the collect interface",
            f"{place.zh}：server_host 包含采集接口的路径",
        )
        yield Finding(_NAME, "bad", said, _SET_HOST.with_values(host=host))


_SET_HOST: Final = Said("Set server_host to {host}", "请把 server_host 设为 {host}")


def _reachable(settings: Settings) -> Settings:
    """Return the settings to go on with: no placeholder is looked up."""
    host = settings.get("server_host")
    if host is not None and _is_placeholder("server_host", host):
        return {name: one for name, one in settings.items() if name != "server_host"}
    return _without_path(settings)


def _without_path(settings: Settings) -> Settings:
    """Return the settings with ``server_host`` as it was meant, if a whole address was pasted."""
    host = settings.get("server_host")
    if host is None or _COLLECT_PATH not in str(host.value):
        return settings
    meant = Setting(host.value.partition(_COLLECT_PATH)[0], host.origin, host.line)
    return {**settings, "server_host": meant}


def _mistakes(gathered: Configuration, told: set[str]) -> list[Mistake]:
    """Return what is wrong, but for keys of which another finding tells."""
    if gathered.mistakes:
        left = [one for one in gathered.mistakes if one.key not in told]
        return [*_missing_extra(gathered.settings), *left]
    try:
        # It starts and opens nothing. With a transport of its own it looks up no proxy, either:
        # another finding tells of that.
        build(gathered, GrowingTracker.consumer, MemoryTransport())
    except (GrowingError, OSError) as error:
        why = said_of(error)
        return [Mistake(Said(why.en, f"无法创建 tracker：{why.zh}"))]
    return []


def _missing_extra(settings: Settings) -> Iterator[Mistake]:
    form = settings["format"].value if "format" in settings else DEFAULT_FORMAT
    if form in FORMATS:
        try:
            parser_of(form)
        except MissingExtraError as error:
            yield Mistake(error.said)


def _unknown(gathered: Configuration) -> Iterator[Finding]:
    for variable, near in gathered.unknown.items():
        yield Finding(_NAME, "warn", ignored(variable, near), _CORRECT)


def _shown(settings: Settings) -> list[ShownSetting]:
    given = [
        ShownSetting(name, _masked(name, one.value), one.place) for name, one in settings.items()
    ]
    rest = sorted(_DEFAULTS.keys() - settings.keys())
    return [*given, *(ShownSetting(name, repr(_DEFAULTS[name]), NOTHING) for name in rest)]


def _masked(name: str, value: object) -> str:
    # The part before an @ in an address may be a password.
    return "…" if isinstance(value, str) and "@" in value else masked(name, value)


def _mistake(one: Mistake, settings: Settings) -> Finding:
    host = settings.get("server_host") if one.key == "server_host" else None
    meant = "" if host is None else _meant(host.value)
    fix = _SET_HOST.with_values(host=meant) if meant else _CORRECT
    return Finding(_NAME, "bad", one.said, fix)


def _meant(host: object) -> str:
    """Return the address that was meant by one that cannot be used; empty if it is not clear."""
    bare = str(host).strip().strip("\"'“”").strip()
    if _HOST.match(bare):
        bare = f"https://{bare}"
    try:
        return base_url(bare)
    except GrowingParamException:
        return ""


def _all_valid(count: int) -> Finding:
    settings = "1 setting, valid" if count == 1 else f"{count} settings, all valid"
    return Finding(_NAME, "ok", Said(settings, f"共 {count} 项配置，全部有效"))


_DISABLED: Final = Finding(
    "disabled",
    "warn",
    Said("sending is switched off: every event is discarded", "发送已关闭：所有事件都会被丢弃"),
    Said(
        "Remove GROWINGIO_DISABLED, or set disabled = false.",
        "请去掉 GROWINGIO_DISABLED，或设置 disabled = false。",
    ),
)
