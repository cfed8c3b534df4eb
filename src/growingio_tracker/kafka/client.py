"""Configuration of librdkafka: from arguments, a properties file and the environment.

Values are checked without a connection or a thread. Secrets never appear in errors, log lines or
``repr``. librdkafka's log lines go to the logger ``growingio_tracker.kafka``, never to standard
error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from growingio_tracker.kafka.refusals import LogLines, Refusal
from growingio_tracker.model.option_types import is_of_kubernetes
from growingio_wire import VERSION
from growingio_wire.errors import GrowingParamException, invalid, missing_extra, plain_reason
from growingio_wire.logs import logger
from growingio_wire.said import Said, in_both
from growingio_wire.table import MASK

if TYPE_CHECKING:
    from types import ModuleType

    from confluent_kafka import KafkaError

OptionValue: TypeAlias = str | int | float | bool | Callable[..., object]

VARIABLES: Final = "GROWINGIO_KAFKA_"
"""Prefix of variables for librdkafka, such as ``GROWINGIO_KAFKA_SASL_PASSWORD``."""

_log: Final = logger("growingio_tracker.kafka")
_NOT_OPTIONS: Final = frozenset({"config"})
"""Variables with this prefix that are not options of librdkafka."""
_SECRET: Final = re.compile(
    r"password|passphrase|secret|token|username|\.pem$|\.key$|oauth.*config"
)


def instead(argument: str) -> Said:
    """Return that ``argument`` replaces an option of librdkafka."""
    return Said(f"give {argument} instead", f"请改用 {argument}")


_ALWAYS_OURS: Final[Mapping[str, Said]] = {
    **dict.fromkeys(("bootstrap.servers", "metadata.broker.list"), instead("bootstrap_servers")),
    **dict.fromkeys(
        ("logger", "log_cb"),
        Said(
            "log lines go to the logger growingio_tracker.kafka",
            "日志写入 logger growingio_tracker.kafka",
        ),
    ),
    "error_cb": Said("errors go to on_error and the log", "错误交给 on_error 并写入日志"),
}
_AN_OPTION: Final = Said("an option of librdkafka", "librdkafka 的选项")
_NO_SUCH: Final = "growingio.end"  # not an option of librdkafka: it ends a check


def library(feature: str | Said) -> ModuleType:
    """Return the package confluent_kafka.

    :raises MissingExtraError: if it is not installed.
    """
    try:
        import confluent_kafka
    except ImportError as error:
        raise missing_extra(feature, "kafka") from error
    return confluent_kafka


class Given(NamedTuple):
    """An option of librdkafka, and its origin.

    :param origin: for example ``"GROWINGIO_KAFKA_ACKS"`` or ``"kafka.properties, line 3"``.
    :param may_be_foreign: whether it may be another program's variable, if librdkafka does not know
        it.
    :param origin_zh: the origin in Chinese, where it differs.
    """

    value: OptionValue
    origin: str
    may_be_foreign: bool = False
    origin_zh: str = ""


def in_options(options: Mapping[str, OptionValue] | None) -> dict[str, Given]:
    """Return the options of the argument ``kafka_options``."""
    return {name: Given(one, f"kafka_options[{name!r}]") for name, one in (options or {}).items()}


def in_file(path: str | os.PathLike[str] | None) -> dict[str, Given]:
    """Return the options of a properties file: lines ``name=value``, and comments with ``#``.

    :raises GrowingParamException: if it cannot be read, or a line is neither.
    """
    if path is None:
        return {}
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = plain_reason(error)
        raise invalid(
            f"kafka_config: {os.fspath(path)} cannot be read: {why}",
            f"kafka_config：无法读取 {os.fspath(path)}：{why}",
            "kafka_config",
            code="unreadable",
        ) from error
    return dict(_lines(text, os.fspath(path)))


def _lines(text: str, path: str) -> Iterator[tuple[str, Given]]:
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = map(str.strip, line.partition("="))
        if not name or name[0] in "#!":
            continue
        if not equals:  # without the line, which may be half of a secret
            raise invalid(
                f"kafka_config: {path}, line {number} is not name=value",
                f"kafka_config：{path} 第 {number} 行不是 name=value 的形式",
                "kafka_config",
                code="no_properties",
            )
        en, zh = f"{path}, line {number}", f"{path} 第 {number} 行"
        yield name, Given(value, en, origin_zh=zh)


def in_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    """Return the options in variables: ``GROWINGIO_KAFKA_SASL_PASSWORD`` is sasl.password."""
    return {
        option_name(variable.removeprefix(VARIABLES)): Given(value, variable, may_be_foreign=True)
        for variable, value in environ.items()
        if variable.startswith(VARIABLES)
        and value.strip()
        and variable.removeprefix(VARIABLES).lower() not in _NOT_OPTIONS
        and not is_of_kubernetes(variable)
    }


def option_name(word: str) -> str:
    """Return the name of an option whose separators are written as underscores."""
    return word.lower().replace("_", ".") if word.lower() != "log_level" else "log_level"


class Client:
    """Addresses of brokers, and the user's options of librdkafka.

    :param servers: ``host:port``, several separated by commas.
    :param given: checked options, which override the defaults of this package.
    """

    def __init__(self, servers: str, given: Mapping[str, OptionValue] | None = None) -> None:
        self.servers = servers
        self._given = {name: _text(value) for name, value in (given or {}).items()}

    @classmethod
    def checked(
        cls, servers: str, given: Mapping[str, Given], ours: Mapping[str, Said], feature: str
    ) -> Client:
        """Return a client after checking its options.

        :param ours: options that may not be given, because guarantees depend on them, and why.
        :param feature: the feature that needs the extra.
        :raises GrowingParamException: if an option cannot be used; the message names it.
        :raises MissingExtraError: if confluent_kafka is not installed.
        """
        library(feature)
        return cls(servers, usable_options(given, ours))

    def __repr__(self) -> str:
        return f"Client({self.servers!r}, options={sorted(self._given)})"

    def configuration(
        self, defaults: Mapping[str, OptionValue], fixed: Mapping[str, object]
    ) -> dict[str, Any]:
        """Return the configuration of a handle of librdkafka.

        :param defaults: options that the user's override.
        :param fixed: options that override the user's.
        """
        return {
            "client.id": f"growingio_tracker-{VERSION}",
            **{name: _text(value) for name, value in defaults.items()},
            **self._given,
            "bootstrap.servers": self.servers,
            "logger": LogLines(self.masked),
            **fixed,
        }

    def masked(self, text: str) -> str:
        """Return a text of librdkafka without the secrets among the options."""
        for name, value in self._given.items():
            if is_secret(name) and isinstance(value, str) and value:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
        return text

    def refusal(self, error: KafkaError) -> Refusal:
        """Return an error of one of this client's handles."""
        return Refusal(error.name(), in_both(self.said(error)))

    def said(self, error: KafkaError) -> str:
        """Return the text of an error of librdkafka, without secrets."""
        return f"{error.name()}: {self.masked(error.str())}"


def is_secret(name: str) -> bool:
    """Return whether the value of an option must never be shown."""
    return _SECRET.search(name) is not None


def usable_options(given: Mapping[str, Given], ours: Mapping[str, Said]) -> dict[str, OptionValue]:
    """Return the valid options. Unknown variables are left out with a warning.

    :param ours: options that may not be given, and why.
    :raises GrowingParamException: if one is invalid; the message names it.
    :raises MissingExtraError: if there are any, and confluent_kafka is not installed.
    """
    return {name: one.value for name, one in given.items() if _is_usable(name, one, ours)}


def _is_usable(name: str, one: Given, ours: Mapping[str, Said]) -> bool:
    """Return False if it is another program's variable."""
    if (reason := {**_ALWAYS_OURS, **ours}.get(name)) is not None:
        why = Said(
            f"{name} cannot be changed here: {reason.en}", f"{name} 不能在此修改：{reason.zh}"
        )
        raise _unusable(one, why, "reserved")
    refusal = _refusal(name, one.value)
    if refusal == _no_such(name) and one.may_be_foreign:
        _log.warning("%s is not a librdkafka option and is ignored", one.origin)
        return False
    if refusal:
        shown = refusal.replace(str(one.value), MASK) if is_secret(name) else refusal
        raise _unusable(one, Said(shown, f"{name} 无法使用：{shown}"), "unusable")
    if name.endswith(".location") and one.value != "probe" and not Path(str(one.value)).exists():
        why = Said(f"{name}: {one.value} does not exist", f"{name}：{one.value} 不存在")
        raise _unusable(one, why, "unreadable")
    return True


def _unusable(one: Given, why: Said, code: str) -> GrowingParamException:
    en, zh = f"{one.origin}: {why.en}", f"{one.origin_zh or one.origin}：{why.zh}"
    return invalid(en, zh, one.origin, code=code, why=why.en)


def _refusal(name: str, value: OptionValue) -> str:
    """Return why librdkafka refuses an option; empty if it accepts it.

    librdkafka checks options one after the other before it creates a handle, which does not happen
    here, because the last option does not exist.
    """
    kafka = library(_AN_OPTION)
    try:
        kafka.Producer({name: _text(value), _NO_SUCH: ""})
    except kafka.KafkaException as error:
        said: str = error.args[0].str()
        return "" if said == _no_such(_NO_SUCH) else said
    except TypeError as error:  # a callback that is not callable
        return str(error)
    return ""


def _no_such(name: str) -> str:
    return f'No such configuration property: "{name}"'


def _text(value: object) -> object:
    """Return a value as librdkafka expects it; functions and objects are unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
