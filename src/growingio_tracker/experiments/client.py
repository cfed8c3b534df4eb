"""Asking the experiment server, and what is done when it does not answer.

What the wire leaves open is decided for the visitor's sake. An answer is reported as a hit when
it comes from the server, not when it is given again from memory. When no answer comes, the
visitor keeps the variant of the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlencode

from growingio_tracker.delivery.lifecycle import PerProcess
from growingio_tracker.exceptions import (
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    RejectedError,
)
from growingio_tracker.experiments.cache import Cache, Visit
from growingio_tracker.experiments.experiment import (
    Experiment,
    RefusedExperimentError,
    hit_attributes,
    read_answer,
)
from growingio_tracker.experiments.options import ExperimentOptions
from growingio_tracker.transport.base import Request, Transport
from growingio_tracker.transport.endpoints import base_url
from growingio_tracker.wire import EXPERIMENT_HIT

_PATH: Final = "/diversion/specified-layer-variables"
_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded"}
REST_S: Final = 5.0
"""Seconds for which a server that did not answer is not asked again: callers wait for each try."""


class _Found(NamedTuple):
    """What a visitor gets; whether that has just been decided; and what went wrong, if it did."""

    experiment: Experiment
    is_new: bool = False
    problem: str | None = None


class Experiments:
    """Asks for the experiments of one data source.

    Making it opens no socket. It may be used from any thread, and in a forked child.
    """

    def __init__(self, product_id: str, data_source_id: str, options: ExperimentOptions) -> None:
        self._form = {"accountId": product_id, "datasourceId": data_source_id}
        self._options = options
        self._here = PerProcess(self._make)

    def give(
        self,
        visit: Visit,
        *,
        new_device: bool,
        track: Callable[..., object],
        failed: Callable[[str], None],
    ) -> Experiment:
        """Return what the visitor gets; it never raises for want of an answer.

        :param track: tracks a custom event; called for an answer that is a new hit.
        :param failed: told what went wrong, if something did.
        """
        experiment, is_new, problem = self._find(visit, new_device)
        if problem is not None:
            failed(problem)
        if is_new and experiment.hit:
            attributes = hit_attributes(experiment)
            try:
                track(EXPERIMENT_HIT, anonymous_id=visit.distinct_id, attributes=attributes)
            except GrowingError as error:
                # The visitor's page must not fail because a report could not be sent.
                failed(str(error))
        return experiment

    def close(self) -> None:
        """Let go of connections. It may be asked again afterwards."""
        if (here := self._here.peek()) is not None:
            here.close()

    def _find(self, visit: Visit, new_device: bool) -> _Found:
        here = self._here.get()
        if (known := here.cache.fresh(visit)) is not None:
            return _Found(known)
        try:
            experiment = here.ask(visit.layer_id, self._request(visit, new_device))
        except RefusedExperimentError as error:
            here.cache.forget(visit)
            return _Found(Experiment(visit.layer_id), problem=str(error))
        except GrowingIOException as error:
            last = here.cache.last(visit) or Experiment(visit.layer_id)
            return _Found(last, problem=str(error))
        return _Found(experiment, is_new=here.cache.put(visit, experiment))

    def _request(self, visit: Visit, new_device: bool) -> Request:
        form = {**self._form, "distinctId": visit.distinct_id, "layerId": visit.layer_id}
        if new_device:
            form["newDevice"] = "true"
        return Request(
            url=base_url(self._options.host) + _PATH,
            body=urlencode(form).encode(),
            headers=_HEADERS,
            timeout_s=self._options.timeout_s,
        )

    def _make(self) -> _Here:
        return _Here(self._options)


class _Here:
    """What one process has to ask with."""

    def __init__(self, options: ExperimentOptions) -> None:
        self.cache = Cache(options.cache_size, options.cache_s, options.clock)
        self._options = options
        self._clock = options.clock
        self._transport = options.transport
        self._rests_until: float | None = None

    def ask(self, layer_id: str, request: Request) -> Experiment:
        """Return the server's answer.

        :raises RefusedExperimentError: when it has no experiment to give.
        :raises GrowingIOException: when there is no answer that can be used.
        """
        if self._rests_until is not None and self._clock.monotonic() < self._rests_until:
            raise GrowingIOException(
                f"the experiment server failed less than {REST_S:g} s ago and was not asked"
            )
        try:
            experiment = read_answer(layer_id, self._exchange(request))
        except RefusedExperimentError:
            raise
        except GrowingIOException:
            self._rests_until = self._clock.monotonic() + REST_S
            raise
        self._rests_until = None
        return experiment

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _exchange(self, request: Request) -> bytes:
        response = self._connected().exchange(request)
        if not 200 <= response.status < 300:
            address = request.url.partition("?")[0]
            raise RejectedError(f"{address} answered {response.status}", response.status)
        return response.body

    def _connected(self) -> Transport:
        if self._transport is None:
            # Whoever asks for no experiment need not wait for urllib3.
            from growingio_tracker.transport.http import HttpTransport  # noqa: PLC0415

            host, verify_cert = base_url(self._options.host), self._options.verify_cert
            try:
                self._transport = HttpTransport(host, verify_cert=verify_cert)
            except GrowingParamException as error:  # about a proxy, not about the call
                raise GrowingIOException(str(error)) from error
        return self._transport
