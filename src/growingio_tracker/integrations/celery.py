"""Celery signals that carry ids from the sender of a task to its worker.

Events that are queued when a worker process ends are delivered without any of this.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final, cast

from growingio_tracker.integrations import usable_id
from growingio_tracker.integrations.request_binding import TRACKER
from growingio_tracker.model.option_types import choice
from growingio_tracker.model.options import OptionTypes, check_options
from growingio_tracker.model.subject import ON_NOBODY, OnNobody
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.errors import missing_extra
from growingio_wire.logs import logger

try:
    from celery.signals import before_task_publish, task_postrun, task_prerun
except ModuleNotFoundError as error:
    if error.name != "celery":
        raise
    raise missing_extra("the Celery integration", "celery") from error

_log: Final = logger(__name__)

HEADER: Final = "growingio"
"""Header of a task's message that carries the ids."""

_TYPES: Final[OptionTypes] = {"tracker": TRACKER, "on_nobody": choice(*ON_NOBODY)}

_IDS: Final = ("anonymous_id", "login_user_key", "login_user_id")


def connect(tracker: GrowingTracker, *, on_nobody: OnNobody = "drop") -> None:
    """Pass the ids bound to ``tracker`` from the sender of a task to the worker that runs it.

    Call it once on both sides, usually in the module that creates the Celery app. A task sent
    without bound ids runs without them. Bound attributes are not passed on.

    :param on_nobody: what to do with events of tasks that have neither visitor nor user, as for
        :meth:`~growingio_tracker.GrowingTracker.context`.
    :raises GrowingParamException: if an argument is invalid.
    """
    check_options(_TYPES, {"tracker": tracker, "on_nobody": on_nobody})
    blocks: dict[int, AbstractContextManager[None]] = {}

    def send(headers: dict[str, Any] | None = None, **_: object) -> None:
        if headers is not None and (ids := _bound_ids(tracker)):
            headers.setdefault(HEADER, ids)  # a retry keeps its ids

    def begin(task: Any = None, **_: object) -> None:
        ids = _sent_ids(task.request.get(HEADER))
        block = blocks[id(task.request)] = tracker.context(
            anonymous_id=ids.get("anonymous_id"),
            login_user_key=ids.get("login_user_key"),
            login_user_id=ids.get("login_user_id"),
            on_nobody=on_nobody,
        )
        block.__enter__()

    def end(task: Any = None, **_: object) -> None:
        if block := blocks.pop(id(task.request), None):
            block.__exit__(None, None, None)

    before_task_publish.connect(send, weak=False)
    task_prerun.connect(begin, weak=False)
    task_postrun.connect(end, weak=False)


def _bound_ids(tracker: GrowingTracker) -> dict[str, str]:
    try:
        key, user_id, anonymous_id, _ = tracker.current_subject()
    except Exception:  # from a function that finds the user; the task matters more
        _log.warning("a task was sent without the ids bound by its sender", exc_info=True)
        return {}
    ids = dict(zip(_IDS, (anonymous_id, key, user_id), strict=True))
    return {name: value for name, value in ids.items() if value is not None}


def _sent_ids(header: object) -> dict[str, str]:
    if not isinstance(header, dict):
        return {}
    sent = cast("dict[object, object]", header)
    return {name: value for name in _IDS if (value := usable_id(sent.get(name)))}
