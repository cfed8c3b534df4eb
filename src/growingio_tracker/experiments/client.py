"""Client of the experiment server, with a cache of recent responses.

A hit is reported for each response of the server, but not for cached ones. If there is no response,
the visitor keeps the last variant.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from growingio_tracker.delivery.process import PerProcess
from growingio_tracker.experiments import (
    Experiment,
    ExperimentOptions,
    Experiments,
    RefusedExperimentError,
    hit_attributes,
    read_answer,
)
from growingio_wire.clock import Clock
from growingio_wire.ending import held
from growingio_wire.endpoints import base_url
from growingio_wire.errors import (
    GrowingError,
    GrowingIOException,
    GrowingParamException,
    RejectedError,
)
from growingio_wire.http import Request, Transport
from growingio_wire.said import Said
from growingio_wire.table import EXPERIMENT_HIT

_PATH: Final = "/diversion/specified-layer-variables"
_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded"}
PAUSE_S: Final = 5.0
"""Pause after a failed request, in seconds, because callers have to wait for each attempt."""
_PAUSED: Final = Said(
    f"the experiment server failed less than {PAUSE_S:g} s ago, so no request was sent",
    f"实验服务在 {PAUSE_S:g} 秒内刚刚失败过，因此没有发送请求",
)


class Visit(Struct, frozen=True):
    """Visitor and layer of a request."""

    layer_id: str
    distinct_id: str


class _Entry(Struct, frozen=True):
    experiment: Experiment
    until: float


class Cache:
    """Remembers at most ``size`` responses; they stay fresh for ``seconds``.

    It may be used from any thread.
    """

    def __init__(self, size: int, seconds: float, clock: Clock) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._entries: OrderedDict[Visit, _Entry] = OrderedDict()
        self._lock = threading.RLock()  # guards the entries

    def fresh(self, visit: Visit) -> Experiment | None:
        """Return the response if it is not too old."""
        with held(self._lock):
            return self._fresh(visit)

    def last(self, visit: Visit) -> Experiment | None:
        """Return the response, however old it is."""
        with held(self._lock):
            entry = self._entries.get(visit)
            return entry.experiment if entry else None

    def put(self, visit: Visit, experiment: Experiment) -> bool:
        """Remember a response; return ``False`` if another thread has just remembered one."""
        with held(self._lock):
            was_first = self._fresh(visit) is None
            self._entries[visit] = _Entry(experiment, self._clock.monotonic() + self._seconds)
            self._entries.move_to_end(visit)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
            return was_first

    def forget(self, visit: Visit) -> None:
        """Forget a response."""
        with held(self._lock):
            self._entries.pop(visit, None)

    def _fresh(self, visit: Visit) -> Experiment | None:
        entry = self._entries.get(visit)
        if entry is None or self._clock.monotonic() >= entry.until:
            return None
        self._entries.move_to_end(visit)
        return entry.experiment


class _Found(Struct, frozen=True):
    """A visitor's experiment, whether it is a new hit, and the error if there was one."""

    experiment: Experiment
    is_new: bool = False
    problem: Said | None = None


class ExperimentClient:
    """Requests the experiments of one data source.

    Creating it opens no socket. It may be used from any thread, and in a forked child.
    """

    def __init__(self, product_id: str, data_source_id: str, options: ExperimentOptions) -> None:
        self._form = {"accountId": product_id, "datasourceId": data_source_id}
        self._options = options
        self._here = PerProcess(self._make)

    @classmethod
    def of(cls, experiments: Experiments) -> ExperimentClient:
        """Return their client. Several threads may ask at once, and all get the same one."""
        if not experiments.made:
            experiments.made.append(cls(*experiments.arguments))
        client: ExperimentClient = experiments.made[0]
        return client

    def give(
        self,
        layer_id: str,
        distinct_id: str,
        *,
        new_device: bool,
        track: Callable[..., object],
        failed: Callable[[Said], None],
    ) -> Experiment:
        """Return the visitor's experiment. Never raises if there is no response.

        :param track: tracks a custom event; called for each new hit.
        :param failed: called with the error if the request failed.
        """
        found = self._find(Visit(layer_id, distinct_id), new_device)
        experiment = found.experiment
        if found.problem is not None:
            failed(found.problem)
        if found.is_new and experiment.hit:
            attributes = hit_attributes(experiment)
            try:
                track(EXPERIMENT_HIT, anonymous_id=distinct_id, attributes=attributes)
            except GrowingError as error:
                # The visitor's page must not fail because a report could not be sent.
                failed(error.said)
        return experiment

    def close(self) -> None:
        """Close the connections. The client may be used again afterwards."""
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
            return _Found(Experiment(visit.layer_id), problem=error.said)
        except GrowingIOException as error:
            last = here.cache.last(visit) or Experiment(visit.layer_id)
            return _Found(last, problem=error.said)
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
    """State of the client in one process."""

    def __init__(self, options: ExperimentOptions) -> None:
        self.cache = Cache(options.cache_size, options.cache_s, options.clock)
        self._options = options
        self._clock = options.clock
        self._transport = options.transport
        self._paused_until: float | None = None

    def ask(self, layer_id: str, request: Request) -> Experiment:
        """Return the server's response.

        :raises RefusedExperimentError: if it returns an error instead of an experiment.
        :raises GrowingIOException: if there is no usable response.
        """
        if self._paused_until is not None and self._clock.monotonic() < self._paused_until:
            raise GrowingIOException(_PAUSED)
        try:
            experiment = read_answer(layer_id, self._exchange(request))
        except RefusedExperimentError:
            raise
        except GrowingIOException:
            self._paused_until = self._clock.monotonic() + PAUSE_S
            raise
        self._paused_until = None
        return experiment

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _exchange(self, request: Request) -> bytes:
        response = self._connected().exchange(request)
        if not 200 <= response.status < 300:
            address, status = request.address, response.status
            said = Said(f"{address} answered {status}", f"{address} 返回状态码 {status}")
            raise RejectedError(said, status)
        return response.body

    def _connected(self) -> Transport:
        if self._transport is None:
            # urllib3 is slow to import, and most programs ask for no experiment.
            from growingio_wire.http.transport import open_transport  # noqa: PLC0415

            host, verify_cert = base_url(self._options.host), self._options.verify_cert
            try:
                self._transport = open_transport(host, verify_cert=verify_cert)
            except GrowingParamException as error:  # about a proxy, not about the call
                raise GrowingIOException(error.said) from error
        return self._transport
