"""Waiting from asyncio without blocking the event loop.

Waiting for an outcome takes no thread: the loop is woken when the outcome is settled. Strategies
that send in the caller get a thread of their own. The loop's default executor is never used,
because ``asyncio.run()`` waits for its threads at the end. A cancelled task leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from growingio_tracker.delivery import Mark, Sends
from growingio_tracker.delivery.waiting import Waiter, Waiters, waits

_T = TypeVar("_T")


class Settles(Protocol):
    """Source of outcomes that can be waited for."""

    waiters: Waiters
    driver: Sends

    def when_settled(self, mark: Mark, wake: Callable[[], object]) -> Waiter | None:
        """Call ``wake`` once ``mark`` is reached; return ``None`` if it is reached already."""
        ...


async def until_settled(outcomes: Settles, mark: Mark, timeout_s: float | None = None) -> bool:
    """Return whether everything before ``mark`` has an outcome, waiting up to ``timeout_s``.

    ``None`` waits without limit.
    """
    if await _settled_within(outcomes, mark, 0.0):
        return True
    for wait_s in waits(timeout_s):
        outcomes.driver.drive()
        if await _settled_within(outcomes, mark, wait_s):
            return True
    return False


async def in_own_thread(call: Callable[[], _T]) -> _T:
    """Run ``call`` in a thread that nothing waits for at exit, and return its result.

    If no thread can be started, it runs here and blocks the loop.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(call)
        except BaseException as error:
            _soon(loop, partial(_fail, future, error))
        else:
            _soon(loop, partial(_succeed, future, result))

    try:
        threading.Thread(target=run, name="growingio-await", daemon=True).start()
    except RuntimeError:
        return call()
    return await future


async def _settled_within(outcomes: Settles, mark: Mark, wait_s: float) -> bool:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    waiter = outcomes.when_settled(mark, partial(_soon, loop, partial(_succeed, future, True)))
    if waiter is None:
        return True
    try:
        if wait_s > 0:
            await asyncio.wait([future], timeout=wait_s)
        return future.done()
    finally:
        outcomes.waiters.remove(waiter)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed, and nobody waits any more
        loop.call_soon_threadsafe(call)


def _succeed(future: asyncio.Future[_T], result: _T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[_T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
