"""One visitor's experiment in one layer, and how the server tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from growingio_tracker.exceptions import GrowingIOException

_SHOWN: Final = 200


class Experiment(Struct, frozen=True):
    """What one visitor gets in one layer (实验层).

    :param layer_id: the layer that was asked for.
    :param experiment_id: the experiment; 0 when the visitor is in none.
    :param strategy_id: the variant; 0 when the visitor is in none.
    :param layer_name: the layer's name; empty when the server names none.
    :param experiment_name: the experiment's name; likewise.
    :param strategy_name: the variant's name; likewise.
    :param variables: the variant's variables by name, always as text: what the server sends as
        something else than a text is here as its JSON text. Empty when the visitor is in no
        experiment, or when the server could not be asked.
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
    """The server answered that it has no experiment to give, for instance for an unknown layer."""


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
    """Return the experiment that the body of an answer tells of.

    :raises RefusedExperimentError: when its ``code`` is not 0.
    :raises GrowingIOException: when it is no such answer.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GrowingIOException(
            f"the experiment server's answer cannot be read ({type(error).__name__}); "
            "check the host in ExperimentOptions"
        ) from error
    if answer.code != 0:
        said = (answer.error_msg or "")[:_SHOWN]
        raise RefusedExperimentError(f"the experiment server answered code {answer.code}: {said}")
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
