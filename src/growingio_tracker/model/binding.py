"""Binding of a tracker: for a copy of it, or for everything within a block."""

from __future__ import annotations

import copy
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from msgspec import Struct

from growingio_tracker.model import Message
from growingio_tracker.model.events import CustomEventMessage, UserLoginMessage
from growingio_tracker.model.subject import Binding, OnNobody, Subject, UserId, make_binding
from growingio_tracker.model.values import Attributes

_T = TypeVar("_T", bound="Bindable")


class _BoundBlock(Struct, frozen=True):
    """An open block of one tracker.

    :param own: its own binding.
    :param outer: the enclosing block; ``None`` if there is none.
    :param binding: the bindings of all enclosing blocks, merged.
    """

    own: Binding
    outer: _BoundBlock | None
    binding: Binding


def _block(own: Binding, outer: _BoundBlock | None) -> _BoundBlock:
    return _BoundBlock(own, outer, own.over(None if outer is None else outer.binding))


def _without(block: _BoundBlock | None, own: Binding) -> _BoundBlock | None:
    """Return the blocks without the one that ended, which need not be the innermost."""
    if block is None:
        return None
    if block.own is own:
        return block.outer
    outer = _without(block.outer, own)
    return block if outer is block.outer else _block(block.own, outer)


# One variable for all trackers, because a ContextVar is never freed. It holds a mapping that is
# never changed, from each tracker's own key to its inner block.
_bound: Final[ContextVar[Mapping[object, _BoundBlock] | None]] = ContextVar(
    "growingio", default=None
)

bindings = _bound.get
"""Return what is bound here and now, by tracker; ``None`` if nothing is."""


@contextmanager
def _bound_to(tracker: object, binding: Binding) -> Generator[None, None, None]:
    """Bind for everything inside the block, in this thread, task or request only.

    Blocks in generators may overlap, or end in a different context than they began in. So the end
    of a block removes its own binding, and does not restore the earlier state.
    """
    here = bindings() or {}
    _put(tracker, _block(binding, here.get(tracker)))
    try:
        yield
    finally:
        here = bindings() or {}
        _put(tracker, _without(here.get(tracker), binding))


def _put(tracker: object, block: _BoundBlock | None) -> None:
    here = dict(bindings() or {})
    if block is None:
        here.pop(tracker, None)
    else:
        here[tracker] = block
    _bound.set(here or None)


class Flow:
    """Binding for code that is suspended and resumed, such as a generator.

    :param binding: its initial binding.
    """

    def __init__(self, tracker: object, binding: Binding) -> None:
        self._tracker = tracker
        self._binding: Binding | None = binding
        self._block: _BoundBlock | None = None

    @contextmanager
    def entered(self) -> Generator[None, None, None]:
        """Restore the binding in force when the block was last left; undo that at the end.

        Unlike :meth:`Bindable.context`, this may be entered many times, in one thread at a time.
        """
        outside = (bindings() or {}).get(self._tracker)
        if self._binding is not None:
            self._block, self._binding = _block(self._binding, outside), None
        _put(self._tracker, self._block)
        try:
            yield
        finally:
            self._block = (bindings() or {}).get(self._tracker)
            _put(self._tracker, outside)


class Bindable:
    """Base class of trackers that can be bound, so that calls need not repeat arguments."""

    def __init__(self) -> None:
        self.own_binding: Binding | None = None
        self._family = object()  # this tracker's and its bound copies' key in the context

    def bind(
        self: _T,
        *,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: UserId = None,
        attributes: Attributes | None = None,
        on_nobody: OnNobody | None = None,
    ) -> _T:
        """Return this tracker with default arguments for its calls.

        Arguments of a call take precedence, and so do those of :meth:`context`. Attributes are
        merged, and apply to custom events only. User key and user id belong together: a call that
        passes one of them uses neither default. The consumer is shared; closing one tracker closes
        it for both.

        ``login_user_id`` may be a function without arguments. It is called for each event that
        needs it, in that event's thread or task. If it returns ``None`` or ``""``, the event has no
        user and no key. Its exceptions are raised by the tracking call.

        ``on_nobody`` sets what to do with an event that has neither visitor nor user: ``"raise"``,
        the default, raises; ``"drop"`` counts and reports it as ``about_nobody``; ``"warn"`` does
        the same, and logs the line of each call; ``"notuser"`` sends custom events with the user
        key ``$notuser``, and drops all others.

        :raises GrowingParamException: if an argument is invalid; the message names it.
        """
        binding = make_binding(anonymous_id, login_user_key, login_user_id, attributes, on_nobody)
        copied = copy.copy(self)
        copied.own_binding = binding.over(self.own_binding)
        return copied

    def context(
        self,
        *,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: UserId = None,
        attributes: Attributes | None = None,
        on_nobody: OnNobody | None = None,
    ) -> AbstractContextManager[None]:
        """Do the same for all calls inside a ``with`` block.

        It applies to this tracker and to those bound from it, in this thread, task or request only.
        Blocks may be nested; the inner one takes precedence::

            with tracker.context(login_user_id="user-1"):
                handle(request)

        :raises GrowingParamException: if an argument is invalid; the message names it.
        """
        binding = make_binding(anonymous_id, login_user_key, login_user_id, attributes, on_nobody)
        return _bound_to(self._family, binding)

    def flow(
        self,
        *,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: UserId = None,
        on_nobody: OnNobody | None = None,
    ) -> Flow:
        """Do the same for code that is suspended and resumed, such as a streamed response.

        :raises GrowingParamException: if an argument is invalid; the message names it.
        """
        binding = make_binding(anonymous_id, login_user_key, login_user_id, None, on_nobody)
        return Flow(self._family, binding)

    def current_subject(self) -> Subject:
        """Return the subject and attributes that an event tracked now would have.

        Exceptions of a function that returns the user are passed on.
        """
        return self._complete(None, None, None, None)

    def _complete_message(self, message: Message) -> None:
        """Complete a message that was created by a builder."""
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

    def _complete(
        self,
        login_user_key: str | None,
        login_user_id: str | None,
        anonymous_id: str | None,
        attributes: Attributes | None,
    ) -> Subject:
        """Return a call's arguments, completed from the context and then the tracker's binding."""
        subject = Subject(login_user_key, login_user_id, anonymous_id, attributes)
        binding = self._here()
        return subject if binding is None else binding.complete(subject)

    def _on_nobody(self) -> OnNobody:
        """Return what to do now with an event that has neither visitor nor user."""
        binding = self._here()
        return "raise" if binding is None else binding.on_nobody or "raise"

    def _here(self) -> Binding | None:
        bound = bindings()
        block = bound.get(self._family) if bound else None
        return self.own_binding if block is None else block.binding.over(self.own_binding)
