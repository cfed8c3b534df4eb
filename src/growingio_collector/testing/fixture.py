"""Fixture of one test: an address, the events that arrived there, and assertions."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, Literal, cast, get_args, overload

from growingio_collector import Event, Filters
from growingio_collector.golden import difference, snapshot, write
from growingio_collector.receiving.faults import FaultOptions
from growingio_collector.store.filter import EventKind, Verdict
from growingio_collector.testing import EventSource
from growingio_collector.testing.reporting import (
    BAD,
    DIFFERS,
    NOTHING,
    UNREADABLE,
    almost,
    harmless_lines,
    missing,
    names,
    newest,
    reasons,
    say,
    violations,
)
from growingio_wire.checks import Unpack
from growingio_wire.errors import GrowingParamException
from growingio_wire.json_text import as_text

_FIELDS: Final = ("user", "device", "client", "kind", "verdict")
_CHOICES: Final = {"kind": get_args(EventKind), "verdict": get_args(Verdict)}
_NO_ATTRIBUTES: Final[Mapping[str, object]] = {}


class CollectorFixture:
    """The collector that the fixtures ``growingio_collector`` and ``…_session`` provide.

    All methods select events in the same way: ``name`` is the event name or an item's key; further
    keywords are

    - ``user``, ``device``: the user id and the device id;
    - ``client``: the SDK that sent it (``"Python 1.0.5"``);
    - ``kind``: ``"event"``, ``"item"``, ``"mapping"``, or ``"request"`` for one that could not
      be read;
    - ``verdict``: ``"ok"``, ``"warn"`` or ``"bad"``;
    - anything else: an attribute and its value. Pass names that are not valid keywords, or are one
      of these, as ``attributes={"金额": "3"}``. Values are compared as they are shown, so ``3`` and
      ``"3"`` are the same: check the event for the type.

    None, the default, matches anything. A filter that can never match raises
    ``GrowingParamException``.

    :param update: whether ``assert_matches`` writes snapshots instead of comparing with them.
    """

    def __init__(self, source: EventSource, *, update: bool = False) -> None:
        self._source = source
        self._update = update

    @property
    def url(self) -> str:
        """The server host for a client."""
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

    # Only a literal 1 selects this overload. A variable that equals 1 is typed as a list.
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
        """Block until ``count`` events match, including those that arrived before the call.

        :param count: 1, the default, returns the first event; a greater number returns a list of
            the first ``count``, oldest first. To check that there are no more, use ``events()``.
        :param timeout: seconds; 0 does not wait.
        :raises AssertionError: if they do not arrive in time; the message shows the closest events,
            and why they do not match.
        :raises GrowingParamException: if ``count`` is not positive, or ``timeout`` is negative.
        """
        __tracebackhide__ = True
        _check(count, timeout)
        filters = _filters(name, attributes, match)
        gathered = self._source.gather(count, timeout, **filters)
        found = gathered.events
        if len(found) < count:
            told = [missing(filters, len(found), count, timeout), *almost(gathered.nearest)]
            told += [self._arrived(), *reasons(gathered.causes)]
            raise AssertionError("\n".join(told))
        return found[0] if count == 1 else found

    def assert_no_bad(self) -> None:
        """Check that no received event is bad.

        :raises AssertionError: if one is; the message lists them with their fixes.
        """
        __tracebackhide__ = True
        events = self._source.matching()
        bad = [event for event in events if event.verdict == "bad"]
        if bad:
            heading = say(BAD, found=len(bad), count=len(events))
            raise AssertionError(f"{heading}\n{newest(bad)}")

    def assert_plan(self, plan: str | os.PathLike[str]) -> None:
        """Check that everything received follows a tracking plan.

        Planned names that did not arrive do not fail: a test rarely sends all of them.

        :param plan: the plan's file, YAML or CSV.
        :raises AssertionError: if a name is not planned, or an event violates the plan; the message
            lists them with their fixes.
        :raises GrowingParamException: if the file is invalid.
        """
        __tracebackhide__ = True
        found = violations(self._source.matching(), Path(plan))
        if found:
            raise AssertionError(found)

    def assert_matches(self, golden: str | os.PathLike[str], *, hide: Collection[str] = ()) -> None:
        """Compare what has arrived with a snapshot (a golden run) that is kept in git.

        The snapshot lists the events of each user in order, with their attributes. Times, UUIDs and
        long hexadecimal ids are replaced with placeholders. The order between users does not
        matter. ``pytest --growingio-update``, or ``UPDATE_GOLDEN=1``, writes it.

        :param golden: the snapshot's file.
        :param hide: further attributes whose values differ from run to run.
        :raises AssertionError: if it differs; the message is the diff.
        :raises GrowingParamException: if the file does not exist or is invalid.
        """
        __tracebackhide__ = True
        found = snapshot(self._source.matching(), hide)
        if self._update:
            write(Path(golden), found)
        elif differences := difference(Path(golden), found):
            raise AssertionError(f"{say(DIFFERS, file=golden)}\n{harmless_lines(differences)}")

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Make the next ``count`` requests fail, with 503 unless the options say otherwise.

        They are still received and stored. Only the last call is active; with a shared collector,
        it applies to all tests.

        :param options: ``status``, ``delay_ms``, ``drop``, ``truncate``, ``path``, ``percent`` and
            ``seed``, as ``growingio_collector.receiving.faults.Fault`` describes them.
        :raises GrowingParamException: if ``count`` is below 1, or an option is invalid.
        """
        self._source.fail_next(count, **options)

    def clear(self) -> None:
        """Remove everything received, for example before the next test with a shared collector."""
        self._source.clear()

    def report(self) -> str:
        """Return a summary of everything received, as shown for failing tests."""
        try:
            events = self._source.matching()
            return newest(events) if events else self._nothing()
        # pytest would end the whole run for any error, and a collector of another release may
        # even report problems that this one does not know.
        except Exception as error:
            return say(UNREADABLE, error=repr(error))

    def _arrived(self) -> str:
        events = self._source.matching()
        return names(events) if events else self._nothing()

    def _nothing(self) -> str:
        return say(NOTHING, url=self.url)


def _filters(
    name: str | None, attributes: Mapping[str, object], match: dict[str, object]
) -> Filters:
    fields: dict[str, object] = {"name": name}
    fields |= {key: match[key] for key in _FIELDS if key in match}
    for key, value in fields.items():
        if not isinstance(value, str | None):
            raise GrowingParamException(f"{key}: {value!r} is not a string; pass a str, or None.")
        if value is not None and value not in _CHOICES.get(key, (value,)):
            choices = ", ".join(_CHOICES[key])
            raise GrowingParamException(f"{key}: {value!r} is not one of {choices}.")
    more = {key: value for key, value in match.items() if key not in _FIELDS}
    shown = {key: _shown(key, value) for key, value in {**attributes, **more}.items()}
    return cast("Filters", {**fields, "attributes": shown})


def _shown(key: str, value: object) -> str:
    try:
        return as_text(value)
    except TypeError as error:
        raise GrowingParamException(
            f"attributes: the value of {key} is {value!r}, which JSON does not have. "
            "Pass the value that the event shows."
        ) from error


def _check(count: int, timeout: float) -> None:
    if count < 1:
        raise GrowingParamException(f"count: {count} is not positive; use events() for none.")
    if timeout < 0:
        raise GrowingParamException(f"timeout: {timeout} is negative; it must be 0 or more.")
