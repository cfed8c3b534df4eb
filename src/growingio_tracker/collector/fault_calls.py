"""The collector object's calls that make things go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from growingio_tracker.collector.faults import Fault, FaultOptions, Faults

if TYPE_CHECKING:
    from typing_extensions import Unpack

_USUAL_FAILURE: Final = 503
_KINDS: Final = frozenset({"status", "delay_ms", "drop", "truncate"})


class FaultCalls:
    """Lets a test see how its client copes with a failing server.

    A request that is hit is received, checked and stored all the same; its ``answered`` is what
    was sent, 0 when nothing was. One fault is in force at a time, the last one that was asked for.
    All calls take effect before they return, and may come from any thread. ``Fault`` has the
    options with their units and defaults.
    """

    def __init__(self) -> None:
        self._faults = Faults()

    def fail_next(self, count: int = 1, **options: Unpack[FaultOptions]) -> None:
        """Let the next ``count`` requests fail, and all after them be answered as usual.

        They are answered 503 unless the options say what goes wrong.

        :raises GrowingParamException: ``count`` is below 1, or an option cannot be used.
        """
        self._faults.begin(failing(count, options))

    def faults(self, **options: Unpack[FaultOptions]) -> None:
        """Let requests fail until ``clear_faults()``: all that match, or ``percent`` of them.

        :raises GrowingParamException: an option cannot be used, or nothing would go wrong.
        """
        self._faults.begin(Fault(**options))

    def clear_faults(self) -> None:
        """Let nothing fail any more."""
        self._faults.clear()


def failing(count: int, options: FaultOptions) -> Fault:
    """Return the fault of the next ``count`` requests; 503 unless the options say what.

    :raises GrowingParamException: ``count`` is below 1, or an option cannot be used.
    """
    if not _KINDS & set(options):
        options = {**options, "status": _USUAL_FAILURE}
    return Fault(next=count, **options)
