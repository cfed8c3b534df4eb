"""Celery: the events of a task are about those who were bound where it was sent.

What a worker's processes have queued when they end is delivered without any of this.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Any, Final, cast

from growingio_tracker._extras import missing_extra
from growingio_tracker.integrations.identity import usable_id
from growingio_tracker.tracker import GrowingTracker

try:
    from celery.signals import before_task_publish, task_postrun, task_prerun
except ModuleNotFoundError as error:
    if error.name != "celery":
        raise
    raise missing_extra("the Celery integration", "celery") from error

_log: Final = logging.getLogger(__name__)

HEADER: Final = "growingio"
"""The header of a task's message that holds the ids."""

_IDS: Final = ("anonymous_id", "login_user_key", "login_user_id")


def connect(tracker: GrowingTracker) -> None:
    """Carry the ids that are bound to ``tracker`` from those who send tasks to those who run them.

    To be called once in each program, at both ends; usually in the module that makes the Celery
    app. A task that is sent where nobody is bound runs with nobody bound. Attributes stay behind.
    """
    blocks: dict[int, AbstractContextManager[None]] = {}

    def send(headers: dict[str, Any] | None = None, **_: object) -> None:
        if headers is not None and (ids := _bound_ids(tracker)):
            headers.setdefault(HEADER, ids)  # a retry keeps those that it has

    def begin(task: Any = None, **_: object) -> None:
        if ids := _sent_ids(task.request.get(HEADER)):
            block = blocks[id(task.request)] = tracker.context(
                anonymous_id=ids.get("anonymous_id"),
                login_user_key=ids.get("login_user_key"),
                login_user_id=ids.get("login_user_id"),
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
        key, user_id, anonymous_id, _ = tracker._complete(None, None, None, None)
    except Exception:  # from a function that finds the user; the task matters more
        _log.warning("a task was sent without the ids of its sender", exc_info=True)
        return {}
    ids = dict(zip(_IDS, (anonymous_id, key, user_id), strict=True))
    return {name: value for name, value in ids.items() if value is not None}


def _sent_ids(header: object) -> dict[str, str]:
    if not isinstance(header, dict):
        return {}
    sent = cast("dict[object, object]", header)
    return {name: value for name in _IDS if (value := usable_id(sent.get(name)))}
