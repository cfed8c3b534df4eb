"""The tracker: every call's message is checked, encoded once and handed to a consumer."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Mapping
from time import time_ns
from types import TracebackType
from typing import Final, Literal, TypeAlias, TypeVar

from growingio_tracker.arguments import one_of, required, text_name
from growingio_tracker.binding import Bindable, bindings
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.consumers.foreign import as_consumer
from growingio_tracker.delivery.contract import Problem, Stats
from growingio_tracker.delivery.receipt import Fate, Receipt, receipt_of
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.experiments.cache import Visit
from growingio_tracker.experiments.client import Experiments
from growingio_tracker.experiments.experiment import Experiment
from growingio_tracker.experiments.options import DEFAULT_OPTIONS, ExperimentOptions
from growingio_tracker.filters import BeforeSend, Filters
from growingio_tracker.message import (
    PRESET_PROPERTIES,
    CustomEventMessage,
    ItemMessage,
    Message,
    PresetProperties,
    ResourceItem,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.plain import plain_event_record
from growingio_tracker.record import to_record
from growingio_tracker.values import Attributes, EventTime, Unsendable, is_a, pairs
from growingio_tracker.wire import Kind

_T = TypeVar("_T", bound="GrowingTracker")

OnInvalid: TypeAlias = Literal["raise", "drop"]

MAX_EVENT_BYTES: Final = 1024 * 1024
_EVENT: Final = Kind.EVENT  # looking up an Enum's member takes as long as taking a lock


class GrowingTracker(Bindable):
    """Tracks events, user attributes, items and user mappings of one data source.

    :param product_id: the project's id (AccountID).
    :param data_source_id: the data source's id.
    :param server_host: address of the collect server, ``http://…`` or ``https://…``.
    :param consumer: the delivery strategy; ``None`` is a
        :class:`~growingio_tracker.DefaultConsumer`, which sends at once.
    :param on_invalid: what happens to a call that cannot be sent: ``"raise"`` a
        GrowingParamException, or ``"drop"`` the event, counted and reported as ``invalid``.
    :param strict: raise also when only an attribute cannot be sent; ``False`` leaves that
        attribute out, counted and reported by its path and type.
    :param max_event_bytes: a longer record is refused; default 1 MiB.
    :param before_send: called with each checked message; returns the message to send, changed or
        not, or ``None`` to drop it. If it raises, the event is dropped and counted.
    :param redact: names of attributes whose values are replaced by ``***`` before anything else
        sees them.
    :param experiments: how :meth:`experiment` asks, and what it remembers.
    :raises GrowingParamException: when an argument cannot be used; the message names it.

    A call returns when the consumer has taken the event, and what was taken can no longer change
    or fail: it was copied and encoded. Calls may be made from any thread. In the background
    strategies a call returns a :class:`~growingio_tracker.Receipt`, which tells later what became
    of the event; elsewhere ``None``, because there a call that returns has said it.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        consumer: Consumer | None = None,
        *,
        on_invalid: OnInvalid = "raise",
        strict: bool = False,
        max_event_bytes: int = MAX_EVENT_BYTES,
        before_send: BeforeSend | None = None,
        redact: Collection[str] = (),
        experiments: ExperimentOptions = DEFAULT_OPTIONS,
    ) -> None:
        super().__init__()
        self._product_id = text_name(product_id, "product_id")
        self._data_source_id = text_name(data_source_id, "data_source_id")
        if consumer is None:
            consumer = DefaultConsumer(product_id, data_source_id, server_host)
        self._consumer = as_consumer(consumer, product_id, data_source_id, server_host)
        self._drops_invalid = one_of(on_invalid, ("raise", "drop"), "on_invalid") == "drop"
        self._strict = strict
        self._max_event_bytes = _positive(max_event_bytes, "max_event_bytes")
        self._filters = Filters(before_send, redact) if before_send is not None or redact else None
        self._experiments = Experiments(product_id, data_source_id, experiments)
        self._accept = self._consumer.accept

    @staticmethod
    def consumer(
        consumer: Consumer,
        *,
        on_invalid: OnInvalid = "raise",
        strict: bool = False,
        max_event_bytes: int = MAX_EVENT_BYTES,
        before_send: BeforeSend | None = None,
        redact: Collection[str] = (),
        experiments: ExperimentOptions = DEFAULT_OPTIONS,
    ) -> GrowingTracker:
        """Return a tracker with the ids and the server of ``consumer``.

        :raises GrowingParamException: when it has none, or another argument cannot be used.
        """
        try:
            own = consumer._product_id, consumer._data_source_id, consumer._server_host
        except AttributeError:
            raise GrowingParamException(
                "consumer must be a consumer such as AsyncBufferedConsumer(…), got "
                f"{type(consumer).__name__}"
            ) from None
        return GrowingTracker(
            *own,
            consumer,
            on_invalid=on_invalid,
            strict=strict,
            max_event_bytes=max_event_bytes,
            before_send=before_send,
            redact=redact,
            experiments=experiments,
        )

    @staticmethod
    def from_env(environ: Mapping[str, str] | None = None) -> GrowingTracker:
        """Return the tracker that the variables ``GROWINGIO_…`` describe.

        :param environ: the variables; ``None`` is this process's environment.
        :raises GrowingParamException: naming everything that is wrong, and where.
        """
        return _configured(None, environ)

    @staticmethod
    def from_file(
        path: str | os.PathLike[str], environ: Mapping[str, str] | None = None
    ) -> GrowingTracker:
        """Return the tracker that a TOML file describes, and the environment, which wins.

        :param path: the file; its table ``[growingio]``, or where it has none, all of it.
        :param environ: as in :meth:`from_env`; ``{}`` leaves the environment out.
        :raises GrowingParamException: naming everything that is wrong, with file and line.
        """
        return _configured(path, environ)

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
    ) -> Receipt | None:
        """Track a custom event (埋点事件).

        :param event_name: the event's identifier on the platform.
        :param event_time: Unix milliseconds, or a datetime (a naive one is local time); ``None``
            is now. A given time takes effect only where the platform has custom event time on.
        :param anonymous_id: the visitor. This or ``login_user_id`` is needed.
        :param login_user_key: the kind of the user id; needs ``login_user_id``. ``"$notuser"``
            marks an event that has no user, and then both ids may be missing.
        :param login_user_id: the user.
        :param attributes: the event's variables; :mod:`growingio_tracker.values` lists what a
            value may be.
        :param item: the item that the event is about.
        :param preset: preset properties, for instance ``{"app_version": "1.2"}``.
        :raises GrowingParamException: when the event cannot be sent; it names the argument.
        :raises GrowingIOException: as the consumer says.
        """
        if self._binding is not None or bindings() is not None:
            login_user_key, login_user_id, anonymous_id, attributes = self._complete(
                login_user_key, login_user_id, anonymous_id, attributes
            )
        if event_time is None and item is None and preset is None and self._filters is None:
            record = plain_event_record(
                time_ns() // 1_000_000,
                event_name,
                login_user_key,
                login_user_id,
                anonymous_id,
                attributes,
                self._product_id,
                self._data_source_id,
            )
            if record is not None and len(record) <= self._max_event_bytes:
                return self._accept(_EVENT, record)
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
        if item is not None:
            message.resource_item = item
        if preset is not None:
            try:
                _set_preset(message, preset)
            except GrowingParamException as error:
                return self._refuse(error)
        return self._submit(message)

    def track_user(
        self,
        login_user_key: str | None = None,
        login_user_id: str | None = None,
        anonymous_id: str | None = None,
        event_time: EventTime | None = None,
        attributes: Attributes | None = None,
    ) -> Receipt | None:
        """Set attributes of a user (登录用户属性事件).

        The parameters and errors are those of :meth:`track_custom_event`. Bound attributes belong
        to events, and are not set here.
        """
        login_user_key, login_user_id, anonymous_id, _ = self._complete(
            login_user_key, login_user_id, anonymous_id, None
        )
        return self._submit(
            UserLoginMessage(
                login_user_key,
                login_user_id,
                event_time,
                anonymous_id,
                attributes,
                event_time,
                self._product_id,
                self._data_source_id,
            )
        )

    def submit_item(
        self, item_key: str, item_id: str, item_attrs: Attributes | None = None
    ) -> Receipt | None:
        """Upload a row of a dimension table (维度表).

        :param item_key: the table's key.
        :param item_id: the row's id.
        :param item_attrs: the row's attributes.
        :raises GrowingParamException: when the item cannot be sent; the message names the argument.
        :raises GrowingIOException: as the consumer says.
        """
        return self._submit(
            ItemMessage(item_key, item_id, item_attrs, self._product_id, self._data_source_id)
        )

    def track_user_mapping(
        self, identities: Mapping[str, str], event_time: EventTime | None = None
    ) -> Receipt | None:
        """Say that several ids are one person's (用户融合).

        :param identities: user key → user id, for instance ``{"phone": "…", "email": "…"}``.
        :param event_time: as in :meth:`track_custom_event`; ``None`` sends no time.
        :raises GrowingParamException: when an id or key is missing or empty.
        :raises GrowingIOException: as the consumer says.
        """
        return self._submit(
            UserMappingMessage(identities, event_time, self._product_id, self._data_source_id)
        )

    def track(self, message: Message) -> Receipt | None:
        """Track a message that a builder made, as this tracker's. ``message`` is not changed.

        :raises GrowingParamException: when it is not a message, or cannot be sent.
        :raises GrowingIOException: as the consumer says.
        """
        try:
            own = self._own(message)
            self._fill_in(own)
        except GrowingParamException as error:
            return self._refuse(error)
        return self._submit(own)

    def experiment(
        self, layer_id: str | int, distinct_id: str, new_device: bool = False
    ) -> Experiment:
        """Return what a visitor gets in a layer of A/B experiments, and report the hit.

        The server decides; its answer is remembered for a while, see
        :class:`~growingio_tracker.ExperimentOptions`. Each answer of the server with an experiment
        is tracked as the custom event ``$exp_hit`` of this visitor; one that is given again from
        memory is not. Without an answer the visitor gets what the last one said, or else an
        :class:`~growingio_tracker.Experiment` without variables; that is counted as
        ``experiments_failed``, told to ``on_error``, and logged at most once a minute. A server
        that failed is left alone for five seconds.

        :param layer_id: the layer (实验层).
        :param distinct_id: the visitor, what events have as ``anonymous_id``.
        :param new_device: whether the visitor comes for the first time.
        :raises GrowingParamException: when an argument cannot be used; with
            ``on_invalid="drop"`` it is a failure like any other.
        """
        try:
            visit = Visit(required(layer_id, "layer_id"), required(distinct_id, "distinct_id"))
        except GrowingParamException as error:
            if not self._drops_invalid:
                raise
            self._consumer.report_experiment_failure(str(error))
            return Experiment("")
        if self._consumer.is_off:
            return Experiment(visit.layer_id)
        return self._experiments.give(
            visit,
            new_device=new_device,
            track=self.track_custom_event,
            failed=self._consumer.report_experiment_failure,
        )

    async def aexperiment(
        self, layer_id: str | int, distinct_id: str, new_device: bool = False
    ) -> Experiment:
        """Do what :meth:`experiment` does in another thread, so that the event loop goes on."""
        import asyncio  # noqa: PLC0415 - who has no event loop need not load it

        return await asyncio.to_thread(self.experiment, layer_id, distinct_id, new_device)

    def flush(self, timeout: float | None = None) -> bool:
        """Send everything now; see the consumer's ``flush``."""
        return self._consumer.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver what waits and stop; see the consumer's ``close``."""
        self._experiments.close()
        return self._consumer.close(timeout)

    def stats(self) -> Stats:
        """Return what became of every event; see the consumer's ``stats``."""
        return self._consumer.stats()

    def healthy(self, within_s: float = 60.0) -> bool:
        """Return False when events are pending and none was delivered for ``within_s`` seconds."""
        return self._consumer.healthy(within_s)

    async def aflush(self, timeout: float | None = None) -> bool:
        """Do what :meth:`flush` does in another thread, so that the event loop goes on."""
        return await _in_thread(self.flush, timeout)

    async def aclose(self, timeout: float | None = None) -> bool:
        """Do what :meth:`close` does in another thread, so that the event loop goes on."""
        return await _in_thread(self.close, timeout)

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

    def _submit(self, message: Message) -> Receipt | None:
        try:
            if self._filters is not None:
                filtered = self._filtered(message, self._filters)
                if isinstance(filtered, Problem):
                    return self._drop(filtered)
                message = filtered
            record, left_out = to_record(message, time_ns() // 1_000_000)
            if left_out:
                self._leave_out(left_out)
            if len(record) > self._max_event_bytes:
                raise self._too_long(record)
        except GrowingParamException as error:
            return self._refuse(error)
        return self._accept(message.kind, record)

    def _refuse(self, error: GrowingParamException) -> Receipt:
        if not self._drops_invalid:
            raise error
        return self._drop(Problem("invalid", str(error), 1))

    def _drop(self, problem: Problem) -> Receipt:
        self._consumer.refuse(problem)
        return receipt_of(Fate("dropped", problem.reason))

    def _own(self, message: object) -> Message:
        if not is_a(message, Message) or not hasattr(message, "kind"):
            raise GrowingParamException(
                "message must be what a builder's build() returns, for instance "
                f"CustomEventMessage.EventBuilder()…build(); got {type(message).__name__}"
            )
        own = copy.copy(message)
        own.set_product_id(self._product_id)
        own.set_data_source_id(self._data_source_id)
        return own

    def _fill_in(self, message: Message) -> None:
        """Complete a message that a builder made."""
        if isinstance(message, CustomEventMessage | UserLoginMessage):
            is_event = isinstance(message, CustomEventMessage)
            subject = self._complete(
                message.login_user_key,
                message.login_user_id,
                message.anonymous_id,
                message.attributes if is_event else None,
            )
            message.login_user_key = subject.login_user_key
            message.login_user_id = subject.login_user_id
            message.anonymous_id = subject.anonymous_id
            if is_event:
                message.attributes = subject.attributes

    def _filtered(self, message: Message, filters: Filters) -> Message | Problem:
        """Return the message to send, or why there is none."""
        filters.redact(message)  # before the check, which makes one text of a one-level map
        self._leave_out(message.check(time_ns() // 1_000_000))
        filtered = filters.apply(message)
        return filtered if isinstance(filtered, Problem) else self._own(filtered)

    def _too_long(self, record: bytes) -> GrowingParamException:
        return GrowingParamException(
            f"the event is {len(record)} bytes long, and max_event_bytes is "
            f"{self._max_event_bytes}; send less, or raise the limit"
        )

    def _leave_out(self, attributes: tuple[Unsendable, ...]) -> None:
        if not attributes:
            return
        if self._strict:
            raise GrowingParamException(
                "with strict=True every attribute must be sendable; these are not: "
                + "; ".join(map(str, attributes))
            )
        self._consumer.report_left_out(attributes)


async def _in_thread(call: Callable[[float | None], bool], timeout: float | None) -> bool:
    import asyncio  # noqa: PLC0415 - who has no event loop need not load it

    return await asyncio.to_thread(call, timeout)


def _configured(
    path: str | os.PathLike[str] | None, environ: Mapping[str, str] | None
) -> GrowingTracker:
    # Most programs have no such file, and all of them start faster without what reads it.
    from growingio_tracker.config.build import build, gather  # noqa: PLC0415

    return build(gather(path, environ), GrowingTracker.consumer)


def _set_preset(message: CustomEventMessage, preset: PresetProperties) -> None:
    for name, value in pairs(preset, "preset"):
        setattr(message, one_of(name, PRESET_PROPERTIES, "preset"), value)


def _positive(value: int, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise GrowingParamException(f"{argument} must be an int of at least 1, got {value!r}")
    return value
