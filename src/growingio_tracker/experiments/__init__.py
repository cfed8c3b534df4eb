"""A/B experiments: a visitor's variant, parsed from the server's response, and the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct, field

from growingio_tracker.model.option_types import (
    ADDRESS,
    AUTHORITIES,
    CLOCK,
    SECONDS,
    SECONDS_ABOVE_0,
    TRANSPORT,
    whole,
)
from growingio_tracker.model.options import Options, OptionTypes
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import GrowingIOException
from growingio_wire.http import Transport
from growingio_wire.said import Said

DEFAULT_HOST: Final = "https://ab.growingio.com"
_SHOWN: Final = 200


class ExperimentOptions(Options, frozen=True):
    """Options of :meth:`~growingio_tracker.GrowingTracker.experiment`.

    :param host: address of the experiment server, ``http://…`` or ``https://…``.
    :param timeout_s: maximum seconds of a call as a whole; above 0.
    :param cache_s: seconds for which a response is cached; 0 asks every time.
    :param cache_size: maximum number of cached responses, one per visitor and layer; least recently
        used entries are evicted first. 0 caches none.
    :param verify_cert: as for consumers: ``True``, ``False`` or the path of a PEM file.
    :param transport: sends the requests; ``None`` is HTTP. For tests.
    :param clock: source of the time. For tests.
    :raises GrowingParamException: if a value is invalid; the message names it.
    """

    types: ClassVar[OptionTypes] = {
        "host": ADDRESS,
        "timeout_s": SECONDS_ABOVE_0,
        "cache_s": SECONDS,
        "cache_size": whole(0),
        "verify_cert": AUTHORITIES,
        "transport": TRANSPORT.or_none(),
        "clock": CLOCK,
    }
    shown_as: ClassVar[str] = "ExperimentOptions: "

    host: str = DEFAULT_HOST
    timeout_s: float = 5.0
    cache_s: float = 300.0
    cache_size: int = 10_000
    verify_cert: bool | str = True
    transport: Transport | None = None
    clock: Clock = SYSTEM_CLOCK


class Experiments:
    """The experiments of one data source.

    Copies have a client of their own, and an empty cache.

    :ivar arguments: what the client is created from.
    :ivar made: the client; empty before the first call, as most programs have no experiments.
    """

    def __init__(self, product_id: str, data_source_id: str, options: ExperimentOptions) -> None:
        self.arguments = (product_id, data_source_id, options)
        self.made: list[Any] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiments, self.arguments

    def close(self) -> None:
        """Close the connections. They may be used again afterwards."""
        if self.made:
            self.made[0].close()


class Experiment(Struct, frozen=True):
    """Result of one visitor in one layer (实验层).

    :param layer_id: the requested layer.
    :param experiment_id: the experiment; 0 if the visitor is in none.
    :param strategy_id: the variant; 0 if the visitor is in none.
    :param layer_name: the layer's name; empty if the server returns none.
    :param experiment_name: the experiment's name; empty in the same case.
    :param strategy_name: the variant's name; empty in the same case.
    :param variables: the variant's variables by name, always strings: other values from the server
        become JSON. Empty if the visitor is in no experiment, or the server did not respond.
    """

    layer_id: str
    experiment_id: int = 0
    strategy_id: int = 0
    layer_name: str = ""
    experiment_name: str = ""
    strategy_name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def hit(self) -> bool:
        """Whether the visitor is in an experiment."""
        return bool(self.experiment_id or self.strategy_id)


class RefusedExperimentError(GrowingIOException):
    """The server returned an error instead of an experiment, for example for an unknown layer."""


class _Answer(Struct, rename="camel"):
    code: int
    error_msg: str | None = None
    experiment_id: int | None = None
    strategy_id: int | None = None
    layer_name: str | None = None
    experiment_name: str | None = None
    strategy_name: str | None = None
    variables: dict[str, Any] | None = None


def read_answer(layer_id: str, body: bytes) -> Experiment:
    """Return the experiment in the body of a response.

    :raises RefusedExperimentError: if its ``code`` is not 0.
    :raises GrowingIOException: if it is not a response of the experiment server.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise GrowingIOException(
            Said(
                f"the experiment server's answer cannot be read ({kind}); check the host in "
                "ExperimentOptions",
                f"无法读取实验服务的响应（{kind}）；请检查 ExperimentOptions 的 host",
            )
        ) from error
    if answer.code != 0:
        said = (answer.error_msg or "")[:_SHOWN]
        raise RefusedExperimentError(
            Said(
                f"the experiment server answered code {answer.code}: {said}",
                f"实验服务返回错误码 {answer.code}：{said}",
            )
        )
    return Experiment(
        layer_id,
        answer.experiment_id or 0,
        answer.strategy_id or 0,
        answer.layer_name or "",
        answer.experiment_name or "",
        answer.strategy_name or "",
        {name: _text(value) for name, value in (answer.variables or {}).items()},
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def hit_attributes(experiment: Experiment) -> dict[str, str]:
    """Return the attributes of the event that reports the hit."""
    return {
        "$exp_id": str(experiment.experiment_id),
        "$exp_strategy_id": str(experiment.strategy_id),
        "$exp_layer_id": experiment.layer_id,
        "$exp_layer_name": experiment.layer_name,
        "$exp_name": experiment.experiment_name,
        "$exp_strategy_name": experiment.strategy_name,
    }
