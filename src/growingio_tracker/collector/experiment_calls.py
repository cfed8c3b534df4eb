"""The collector object's call about A/B experiments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from growingio_tracker.collector.experiments import Experiments, as_answer


class ExperimentCalls:
    """Lets a test say what its client gets when it asks for an experiment."""

    def __init__(self) -> None:
        super().__init__()
        self._experiments = Experiments()

    def set_experiment(self, layer_id: str, answer: Mapping[str, Any]) -> None:
        """Answer so to clients that ask for the experiment of a layer, until it is set again.

        :param answer: by the names of the wire, for instance ``{"experimentId": 1, "strategyId": 2,
            "variables": {"color": "red"}}``; what is left out has no value. A ``code`` other than
            0 is a failure. ``{}`` says that there is no experiment, as for layers never set.
        :raises GrowingParamException: a name is unknown, or a value has a wrong type.
        """
        self._experiments.set(layer_id, as_answer(answer))
