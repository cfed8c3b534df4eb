"""Tracker: checks each call's message, encodes it once, and hands it to a consumer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, TypeVar

from growingio_tracker.consumers import Consumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.consumers.intake import Intake
from growingio_tracker.consumers.options import FLUSH_TIMEOUT_S
from growingio_tracker.consumers.strategy import as_consumer, destination_of
from growingio_tracker.consumers.tracker_options import (
    TrackerKeywords,
    TrackerOptions,
    places_for_tracker,
)
from growingio_tracker.core import NOT_PLAIN, speed_up
from growingio_tracker.delivery.ledger import Stats
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.experiments import Experiment, Experiments
from growingio_tracker.model import ItemMessage, Message, UserMappingMessage
from growingio_tracker.model.arguments import required, text_name
from growingio_tracker.model.binding import Bindable, bindings
from growingio_tracker.model.events import (
    CustomEventMessage,
    PresetProperties,
    ResourceItem,
    UserLoginMessage,
)
from growingio_tracker.model.options import known
from growingio_tracker.model.values import Attributes, EventTime
from growingio_wire.checks import Unpack
from growingio_wire.endpoints import masked_id
from growingio_wire.errors import GrowingParamException

_T = TypeVar("_T", bound="GrowingTracker")

_LOOKED_UP: Final = frozenset({"plain_calls"})


class GrowingTracker(Bindable):
    """Tracks events, user attributes, items and user mappings of one data source.

    :param product_id: the project's id (AccountID).
    :param data_source_id: the data source's id.
    :param server_host: the collect address (ServerHost), ``http://…`` or ``https://…``.
    :param consumer: the delivery strategy; ``None`` is a
        :class:`~growingio_tracker.DefaultConsumer`, which sends immediately.

    The other keywords are those of
    :class:`~growingio_tracker.consumers.intake.TrackerKeywords`.

    :raises GrowingParamException: if an argument is invalid; the message names it.

    A call returns once the consumer has accepted the event. By then it is copied and encoded, so it
    can neither change nor fail later. Calls may come from any thread. Each returns a
    :class:`~growingio_tracker.Receipt`, which tells what became of the event. A tracker can be
    pickled and deep-copied; the copy has the same options, and its consumer has an empty queue.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        consumer: Consumer | None = None,
        **options: Unpack[TrackerKeywords],
    ) -> None:
        super().__init__()
        if consumer is None:
            consumer = DefaultConsumer(product_id, data_source_id, server_host)
        own = TrackerOptions(**known(options, TrackerOptions, places_for_tracker))
        self._product_id = text_name(product_id, "product_id")
        self._data_source_id = text_name(data_source_id, "data_source_id")
        self._consumer = as_consumer(consumer, product_id, data_source_id, server_host)
        self._intake = Intake(self._product_id, self._data_source_id, self._consumer, own)
        self._experiments = Experiments(product_id, data_source_id, own.experiments)
        self._attach()

    def _attach(self) -> None:
        """Look up what every call needs."""
        self.plain_calls = self._intake.plain_calls

    def __repr__(self) -> str:
        product_id, data_source_id = masked_id(self._product_id), masked_id(self._data_source_id)
        return (
            f"{type(self).__name__}(product_id={product_id!r}, data_source_id={data_source_id!r}, "
            f"consumer={self._consumer!r})"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels when this is copied or pickled: options, but no event."""
        return {name: one for name, one in vars(self).items() if name not in _LOOKED_UP}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._attach()

    @staticmethod
    def consumer(consumer: Consumer, **options: Unpack[TrackerKeywords]) -> GrowingTracker:
        """Return a tracker with the ids and the server of ``consumer``.

        :raises GrowingParamException: if it has none, or another argument is invalid.
        """
        return GrowingTracker(*destination_of(consumer), consumer, **options)

    @staticmethod
    def from_env(environ: Mapping[str, str] | None = None) -> GrowingTracker:
        """Return a tracker configured by the environment variables ``GROWINGIO_…``.

        :param environ: the variables; ``None`` is this process's environment.
        :raises GrowingParamException: listing every problem and where it is.
        """
        return _configured(None, environ)

    @staticmethod
    def from_file(
        path: str | os.PathLike[str], environ: Mapping[str, str] | None = None
    ) -> GrowingTracker:
        """Return a tracker configured by a TOML file; environment variables override it.

        :param path: the file. Its table ``[growingio]`` is used if there is one, else the whole
            file.
        :param environ: as in :meth:`from_env`; ``{}`` ignores the environment.
        :raises GrowingParamException: listing every problem with file and line.
        """
        return _configured(path, environ)

    @property
    def strategy(self) -> Consumer:
        """The consumer that sends the events."""
        return self._consumer

    def track_custom_event(
        self,
        event_name: str,
        event_time: EventTime | None = None,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: str | None = None,
        attributes: Attributes | None = None,
        *,
        item: ResourceItem | None = None,
        preset: PresetProperties | None = None,
    ) -> Receipt:
        """Track a custom event (埋点事件).

        :param event_name: the event's identifier on the platform.
        :param event_time: Unix milliseconds, or a datetime (a naive one is local time); ``None``
            is now. A given time takes effect only if custom event time is enabled on the platform.
        :param anonymous_id: the visitor's id. This or ``login_user_id`` is required.
        :param login_user_key: the kind of user id; requires ``login_user_id``. ``"$notuser"`` marks
            an event without a user; both ids may be missing then.
        :param login_user_id: the user.
        :param attributes: the event's variables; :mod:`growingio_tracker.model.values` lists what a
            value may be.
        :param item: the item that the event refers to.
        :param preset: preset properties, for example ``{"app_version": "1.2"}``.
        :raises GrowingParamException: if the event is invalid; the message names the argument.
        :raises GrowingIOException: see the consumer.
        """
        plain = self.plain_calls if event_time is None and item is None and preset is None else None
        if plain is not None and self.own_binding is None:
            track = plain.track  # Python calls what is in a slot faster in two steps
            receipt = track(event_name, login_user_key, login_user_id, anonymous_id, attributes)
            if receipt is not NOT_PLAIN:
                return receipt
        if self.own_binding is not None or bindings() is not None:
            login_user_key, login_user_id, anonymous_id, attributes = self._complete(
                login_user_key, login_user_id, anonymous_id, attributes
            )
            if plain is not None:
                receipt = plain.take(
                    event_name, login_user_key, login_user_id, anonymous_id, attributes
                )
                if receipt is not NOT_PLAIN:
                    return receipt
        message = CustomEventMessage(
            event_time,
            event_name,
            login_user_key,
            login_user_id,
            anonymous_id,
            attributes,
            event_time,
            self._product_id,
            self._data_source_id,
        )
        return self._intake.submit_event(message, item, preset, self._on_nobody)

    def track_user(
        self,
        login_user_key: str | None = None,
        login_user_id: str | None = None,
        anonymous_id: str | None = None,
        event_time: EventTime | None = None,
        attributes: Attributes | None = None,
    ) -> Receipt:
        """Set attributes of a user (登录用户属性事件).

        The parameters and errors are those of :meth:`track_custom_event`. Bound attributes apply to
        events only.
        """
        login_user_key, login_user_id, anonymous_id, _ = self._complete(
            login_user_key, login_user_id, anonymous_id, None
        )
        return self._intake.submit(
            UserLoginMessage(
                login_user_key,
                login_user_id,
                event_time,
                anonymous_id,
                attributes,
                event_time,
                self._product_id,
                self._data_source_id,
            ),
            self._on_nobody,
        )

    def submit_item(
        self, item_key: str, item_id: str, item_attrs: Attributes | None = None
    ) -> Receipt:
        """Upload a row of a dimension table (维度表).

        :param item_key: the table's key.
        :param item_id: the row's id.
        :param item_attrs: the row's attributes.
        :raises GrowingParamException: if the item is invalid; the message names the argument.
        :raises GrowingIOException: see the consumer.
        """
        return self._intake.submit(
            ItemMessage(item_key, item_id, item_attrs, self._product_id, self._data_source_id)
        )

    def track_user_mapping(
        self, identities: Mapping[str, str], event_time: EventTime | None = None
    ) -> Receipt:
        """Declare that several ids belong to one person (用户融合).

        :param identities: user key → user id, for example ``{"phone": "…", "email": "…"}``.
        :param event_time: as in :meth:`track_custom_event`; ``None`` sends no time.
        :raises GrowingParamException: if an id or key is missing or empty.
        :raises GrowingIOException: see the consumer.
        """
        return self._intake.submit(
            UserMappingMessage(identities, event_time, self._product_id, self._data_source_id)
        )

    def track(self, message: Message) -> Receipt:
        """Track a message created by a builder. ``message`` itself is not changed.

        :raises GrowingParamException: if it is not a message, or is invalid.
        :raises GrowingIOException: see the consumer.
        """
        try:
            own = self._intake.own(message)
            self._complete_message(own)
        except GrowingParamException as error:
            return self._intake.refuse(error)
        return self._intake.submit(own, self._on_nobody)

    def refuse(self, error: GrowingParamException) -> Receipt:
        """Treat a call as invalid, for callers that check more than a tracker, such as a tracking
        plan.

        :raises GrowingParamException: ``error``, unless ``on_invalid`` is ``"drop"``; then the
            event is counted and reported as ``invalid``.
        """
        return self._intake.refuse(error)

    def experiment(
        self, layer_id: str | int, distinct_id: str, new_device: bool = False
    ) -> Experiment:
        """Return what a visitor gets in a layer of A/B experiments, and report the hit.

        The server decides; its response is cached, see
        :class:`~growingio_tracker.ExperimentOptions`. Each response that contains an experiment is
        tracked as the custom event ``$exp_hit`` of this visitor; cached responses are not. If the
        server does not respond, the visitor gets the last response, or else an
        :class:`~growingio_tracker.Experiment` without variables; that is counted as
        ``experiments_failed``, passed to ``on_error``, and logged at most once a minute. After a
        failure, the server is not asked for five seconds.

        :param layer_id: the layer (实验层).
        :param distinct_id: the visitor's id, the ``anonymous_id`` of events.
        :param new_device: whether this is the visitor's first visit.
        :raises GrowingParamException: if an argument is invalid; with ``on_invalid="drop"`` it
            counts as a failure.
        """
        try:
            layer, visitor = required(layer_id, "layer_id"), required(distinct_id, "distinct_id")
        except GrowingParamException as error:
            if not self._intake.drops_invalid:
                raise
            self._consumer.report_experiment_failure(error.said)
            return Experiment("")
        if self._consumer.is_off:
            return Experiment(layer)
        from growingio_tracker.experiments.client import ExperimentClient  # noqa: PLC0415

        return ExperimentClient.of(self._experiments).give(
            layer,
            visitor,
            new_device=new_device,
            track=self.track_custom_event,
            failed=self._consumer.report_experiment_failure,
        )

    async def aexperiment(
        self, layer_id: str | int, distinct_id: str, new_device: bool = False
    ) -> Experiment:
        """Run :meth:`experiment` in another thread, without blocking the event loop."""
        import asyncio  # noqa: PLC0415 - programs without an event loop need not load it

        return await asyncio.to_thread(self.experiment, layer_id, distinct_id, new_device)

    def flush(self, timeout: float | None = FLUSH_TIMEOUT_S) -> bool:
        """Send everything now, and wait up to 30 s; see the consumer's ``flush``."""
        return self._consumer.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver queued events and stop; see the consumer's ``close``."""
        self._experiments.close()
        return self._consumer.close(timeout)

    def stats(self) -> Stats:
        """Return the counts of events by outcome; see the consumer's ``stats``."""
        return self._consumer.stats()

    def healthy(self, within_s: float = 60.0) -> bool:
        """Return ``False`` if events are pending and none was delivered for ``within_s``
        seconds."""
        return self._consumer.healthy(within_s)

    async def aflush(self, timeout: float | None = FLUSH_TIMEOUT_S) -> bool:
        """Like :meth:`flush`, for asyncio: does not block the event loop."""
        return await self._consumer.aflush(timeout)

    async def aclose(self, timeout: float | None = None) -> bool:
        """Like :meth:`close`, for asyncio: does not block the event loop."""
        self._experiments.close()
        return await self._consumer.aclose(timeout)

    async def __aenter__(self: _T) -> _T:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __enter__(self: _T) -> _T:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


speed_up(GrowingTracker)


def _configured(
    path: str | os.PathLike[str] | None, environ: Mapping[str, str] | None
) -> GrowingTracker:
    # Imported on demand: most programs have no such file, and start faster without its reader.
    from growingio_tracker.config import build, gather  # noqa: PLC0415

    return build(gather(path, environ), GrowingTracker.consumer)
