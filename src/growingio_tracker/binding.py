"""Whom events are about, said once: for a tracker, or for everything inside a block."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from msgspec import Struct

from growingio_tracker.arguments import identifier
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import Attributes, pairs

_T = TypeVar("_T", bound="Bindable")

UserId: TypeAlias = "str | Callable[[], str | None] | None"
"""A user id, or a function that finds it when an event needs it."""


class Subject(NamedTuple):
    """Whom one event is about, and its attributes."""

    login_user_key: str | None
    login_user_id: str | None
    anonymous_id: str | None
    attributes: Attributes | None


class Binding(Struct, frozen=True):
    """What calls need not say. User key and user id belong together: who gives one gives both."""

    anonymous_id: str | None
    login_user_key: str | None
    login_user_id: UserId
    attributes: Mapping[Any, object]

    def over(self, other: Binding | None) -> Binding:
        """Return both as one; what both say is as it is here."""
        if other is None:
            return self
        user = other if self._has_no_user else self
        return Binding(
            self.anonymous_id or other.anonymous_id,
            user.login_user_key,
            user.login_user_id,
            {**other.attributes, **self.attributes},
        )

    def complete(self, subject: Subject) -> Subject:
        """Return what a call said, with what it left open as it is here."""
        key, user_id, anonymous_id, attributes = subject
        if key is None and user_id is None:
            key, user_id = self._user()
        attributes = self._merged(attributes) if self.attributes else attributes
        anonymous_id = self.anonymous_id if anonymous_id is None else anonymous_id
        return Subject(key, user_id, anonymous_id, attributes)

    def _user(self) -> tuple[str | None, str | None]:
        if self.login_user_id is None or isinstance(self.login_user_id, str):
            return self.login_user_key, self.login_user_id
        # What is found is checked with the message, which refuses it as the tracker says.
        user_id = self.login_user_id()
        return (None, None) if user_id in (None, "") else (self.login_user_key, user_id)

    def _merged(self, attributes: Attributes | None) -> Attributes:
        if attributes is None:
            return self.attributes
        try:
            return {**self.attributes, **dict(pairs(attributes, "attributes"))}
        except GrowingParamException:
            return attributes  # for the message's check, which refuses it as the tracker says

    @property
    def _has_no_user(self) -> bool:
        return self.login_user_key is None and self.login_user_id is None


def _make_binding(
    anonymous_id: str | None,
    login_user_key: str | None,
    login_user_id: UserId,
    attributes: Attributes | None,
) -> Binding:
    """Return a binding whose attributes are the caller's no more.

    :raises GrowingParamException: when an argument cannot be used; the message names it.
    """
    return Binding(
        identifier(anonymous_id, "anonymous_id"),
        identifier(login_user_key, "login_user_key"),
        login_user_id if callable(login_user_id) else identifier(login_user_id, "login_user_id"),
        {} if attributes is None else dict(pairs(attributes, "attributes")),
    )


class _Block(Struct, frozen=True):
    """An open block of one tracker.

    :param own: what it says itself.
    :param outer: the block around it; ``None`` when there is none.
    :param binding: what all of them say together.
    """

    own: Binding
    outer: _Block | None
    binding: Binding


def _block(own: Binding, outer: _Block | None) -> _Block:
    return _Block(own, outer, own.over(None if outer is None else outer.binding))


def _without(block: _Block | None, own: Binding) -> _Block | None:
    """Return what remains when the block that says ``own`` ends, whether or not it is the inner."""
    if block is None:
        return None
    if block.own is own:
        return block.outer
    outer = _without(block.outer, own)
    return block if outer is block.outer else _block(block.own, outer)


# One variable for all trackers, because a ContextVar is never freed. It holds a mapping that is
# never changed, from each tracker's own key to its inner block.
_bound: Final[ContextVar[Mapping[object, _Block] | None]] = ContextVar("growingio", default=None)

bindings = _bound.get
"""Return what is bound here and now, by tracker; ``None`` where nothing is."""


@contextmanager
def _bound_to(tracker: object, binding: Binding) -> Generator[None, None, None]:
    """Bind for everything inside the block, in this thread, task or request only.

    Blocks of generators may overlap, or end in another context than they began in. So the end
    takes away what this block said, where it is found, and does not restore what was before.
    """
    here = bindings() or {}
    _put(tracker, _block(binding, here.get(tracker)))
    try:
        yield
    finally:
        here = bindings() or {}
        _put(tracker, _without(here.get(tracker), binding))


def _put(tracker: object, block: _Block | None) -> None:
    here = dict(bindings() or {})
    if block is None:
        here.pop(tracker, None)
    else:
        here[tracker] = block
    _bound.set(here or None)


class Bindable:
    """What a tracker has so that calls need not say everything."""

    def __init__(self) -> None:
        self._binding: Binding | None = None
        self._family = object()  # this tracker's and its bound copies' key in the context

    def bind(
        self: _T,
        *,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: UserId = None,
        attributes: Attributes | None = None,
    ) -> _T:
        """Return this tracker with arguments that its calls then need not give.

        What a call gives itself wins, and so does what :meth:`context` says. Attributes are
        merged, for custom events only. User key and user id belong together: a call that gives one
        of them takes neither from here. The consumer is shared, and closing closes it for both.

        ``login_user_id`` may be a function without arguments. It is called by each event that needs
        it, in that event's thread or task; when it returns ``None`` or ``""`` there is no user, and
        no key either. What it raises, the call that tracks raises.

        :raises GrowingParamException: when an argument cannot be used; the message names it.
        """
        binding = _make_binding(anonymous_id, login_user_key, login_user_id, attributes)
        copied = copy.copy(self)
        copied._binding = binding.over(self._binding)
        return copied

    def context(
        self,
        *,
        anonymous_id: str | None = None,
        login_user_key: str | None = None,
        login_user_id: UserId = None,
        attributes: Attributes | None = None,
    ) -> AbstractContextManager[None]:
        """Do the same for everything that is called inside a ``with`` block.

        It holds for this tracker and those bound from it, in this thread, task or request only, and
        ends with the block. Blocks may be nested; the inner one wins::

            with tracker.context(login_user_id="user-1"):
                handle(request)

        :raises GrowingParamException: when an argument cannot be used; the message names it.
        """
        binding = _make_binding(anonymous_id, login_user_key, login_user_id, attributes)
        return _bound_to(self._family, binding)

    def _complete(
        self,
        login_user_key: str | None,
        login_user_id: str | None,
        anonymous_id: str | None,
        attributes: Attributes | None,
    ) -> Subject:
        """Return what a call said, completed by the context and then by what is bound."""
        subject = Subject(login_user_key, login_user_id, anonymous_id, attributes)
        here = bindings()
        block = here.get(self._family) if here else None
        binding = self._binding if block is None else block.binding.over(self._binding)
        return subject if binding is None else binding.complete(subject)
