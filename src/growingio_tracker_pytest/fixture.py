"""What a test gets: the address to send to, what arrived, and checks that explain themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast, overload

from growingio_tracker.collector import Event
from growingio_tracker.collector.api.parameters import KINDS, STATUSES
from growingio_tracker.collector.text_functions import as_text
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker_pytest.arrived import almost, missing, names, newest
from growingio_tracker_pytest.plans import violations
from growingio_tracker_pytest.sources import Source
from growingio_tracker_pytest.texts import texts

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from growingio_tracker.collector import Filters
    from growingio_tracker.collector.faults import FaultOptions

_FIELDS: Final = ("user", "device", "client", "kind", "verdict")
_CHOICES: Final = {"kind": KINDS, "verdict": STATUSES}
_NO_ATTRIBUTES: Final[Mapping[str, object]] = {}


class CollectorFixture:
    """A collector as the fixtures ``growingio_collector`` and ``…_session`` give it.

    Events are chosen in the same way everywhere: ``name`` is the event name, for an item its
    key; further keywords are

    - ``user``, ``device``: the user id and the device id;
    - ``client``: the SDK that sent it (``"Python 1.0.5"``);
    - ``kind``: ``"event"``, ``"item"``, ``"mapping"``, or ``"request"`` for one that could not
      be read;
    - ``verdict``: ``"ok"``, ``"warn"`` or ``"bad"``;
    - anything else: an attribute and its value. Names that are no keywords, or are one of
      these, stand in ``attributes={"金额": "3"}``. Values are compared as they are shown, so
      ``3`` and ``"3"`` are the same: look at the event for its type.

    A field that is None, as by default, may be anything. One that can never match raises
    ``GrowingParamException``.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def url(self) -> str:
        """What a client takes as its server host."""
        return self._source.url

    def events(
        self,
        name: str | None = None,
        *,
        attributes: Mapping[str, object] = _NO_ATTRIBUTES,
        **match: object,
    ) -> list[Event]:
        """Return the events that match and have arrived, oldest first."""
        return self._source.matching(**_filters(name, attributes, match))

    # A count that is only known as an int may be 1; whoever writes one knows what to expect.
    @overload
    def wait_for(  # type: ignore[overload-overlap]
        self,
        name: str | None = None,
        *,
        count: Literal[1] = 1,
        timeout: float = 5.0,
        attributes: Mapping[str, object] = _NO_ATTRIBUTES,
        **match: object,
    ) -> Event: ...

    @overload
    def wait_for(
        self,
        name: str | None = None,
        *,
        count: int,
        timeout: float = 5.0,
        attributes: Mapping[str, object] = _NO_ATTRIBUTES,
        **match: object,
    ) -> list[Event]: ...

    def wait_for(
        self,
        name: str | None = None,
        *,
        count: int = 1,
        timeout: float = 5.0,
        attributes: Mapping[str, object] = _NO_ATTRIBUTES,
        **match: object,
    ) -> Event | list[Event]:
        """Block until ``count`` events match. What arrived before the call counts.

        :param count: 1, the default, returns the first event; any greater number the list of
            the first so many, oldest first. To see that there are no more, ask ``events()``.
        :param timeout: in seconds; 0 only looks.
        :raises AssertionError: they did not arrive in time. It says what came nearest, and why
            that does not match.
        :raises GrowingParamException: ``count`` is not positive, or ``timeout`` is negative.
        """
        __tracebackhide__ = True
        _check(count, timeout)
        filters = _filters(name, attributes, match)
        found, misses = self._source.gather(count, timeout, **filters)
        if len(found) < count:
            told = [missing(filters, len(found), count, timeout), *almost(misses)]
            raise AssertionError("\n".join([*told, self._arrived()]))
        return found[0] if count == 1 else found

    def assert_no_bad(self) -> None:
        """Check that no event that has arrived is bad.

        :raises AssertionError: one is. It lists them with what to do.
        """
        __tracebackhide__ = True
        events = self._source.matching()
        bad = [event for event in events if event.verdict == "bad"]
        if bad:
            heading = texts().bad.format(found=len(bad), count=len(events))
            raise AssertionError(f"{heading}\n{newest(bad)}")

    def assert_plan(self, plan: str | os.PathLike[str]) -> None:
        """Check that everything that has arrived follows a tracking plan.

        Planned names that did not arrive are no failure: a test seldom sends all of them.

        :param plan: the plan's file, YAML or CSV.
        :raises AssertionError: a name is not planned, or an event violates the plan. It lists them
            with what to do.
        :raises GrowingParamException: the file cannot be used.
        """
        __tracebackhide__ = True
        found = violations(self._source.matching(), Path(plan))
        if found:
            raise AssertionError(found)

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Let the next ``count`` requests fail; with 503, unless the options say how.

        They are received and stored all the same. The last call is in force; at a collector that
        already runs it is in force for all its runs' tests.

        :param options: ``status``, ``delay_ms``, ``drop``, ``truncate``, ``path``, ``percent`` and
            ``seed``, as ``growingio_tracker.collector.faults.Fault`` describes them.
        :raises GrowingParamException: ``count`` is below 1, or an option cannot be used.
        """
        self._source.fail_next(count, **options)

    def clear(self) -> None:
        """Forget what has arrived, so that a session's collector can be used by the next test."""
        self._source.clear()

    def report(self) -> str:
        """Return what has arrived, as reports of failing tests show it."""
        try:
            events = self._source.matching()
            return newest(events) if events else self._nothing()
        # Whatever it is, pytest would end the whole run: a collector of another release may even
        # know problems that this one does not.
        except Exception as error:
            return texts().unreadable.format(error=repr(error))

    def _arrived(self) -> str:
        events = self._source.matching()
        return names(events) if events else self._nothing()

    def _nothing(self) -> str:
        return texts().nothing.format(url=self.url)


def _filters(
    name: str | None, attributes: Mapping[str, object], match: dict[str, object]
) -> Filters:
    fields: dict[str, object] = {"name": name}
    fields |= {key: match[key] for key in _FIELDS if key in match}
    for key, value in fields.items():
        if not isinstance(value, str | None):
            raise GrowingParamException(f"{key}: {value!r} is not a text; give a str, or None.")
        if value is not None and value not in _CHOICES.get(key, (value,)):
            choices = ", ".join(_CHOICES[key])
            raise GrowingParamException(f"{key}: {value!r} is none of {choices}.")
    more = {key: value for key, value in match.items() if key not in _FIELDS}
    shown = {key: _shown(key, value) for key, value in {**attributes, **more}.items()}
    return cast("Filters", {**fields, "attributes": shown})


def _shown(key: str, value: object) -> str:
    try:
        return as_text(value)
    except TypeError as error:
        raise GrowingParamException(
            f"attributes: the value of {key} is {value!r}, which JSON does not have. "
            "Give what the event shows."
        ) from error


def _check(count: int, timeout: float) -> None:
    if count < 1:
        raise GrowingParamException(f"count: {count} is not positive; use events() for none.")
    if timeout < 0:
        raise GrowingParamException(f"timeout: {timeout} is negative; it must be 0 or more.")
