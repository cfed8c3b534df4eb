"""Address that batches of one kind are sent to, and the limits observed there so far."""

from __future__ import annotations

import math
from typing import Final

from growingio_tracker.delivery import Batch
from growingio_tracker.delivery.attempts import Attempt
from growingio_wire.http.retry import Verdict

_TOO_LARGE: Final = 413
_ACCESS: Final = frozenset({401, 404})
_RESETS: Final = 2
_GROWS_AFTER: Final = 100


class Address:
    """One address.

    :ivar reported_status: the status for which it was reported as misconfigured, until it accepts.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.reported_status: int | None = None
        self._has_accepted = False
        self._is_trusted = False
        self._resets = 0  # attempts in a row whose connection was reset
        self._called_too_large: float = math.inf
        self._never_arrived: float = math.inf
        self._fitted = 0  # batches accepted since a limit was found by resets

    def is_too_large(self, part: Batch) -> bool:
        """Return whether ``part`` would be too large, judging by earlier batches."""
        return len(part) > 1 and part.size > min(self._called_too_large, self._never_arrived)

    def note(self, part: Batch, answer: Attempt) -> None:
        """Remember the outcome of an attempt to send ``part``."""
        self._resets = self._resets + answer.resets if answer.resets else 0
        if answer.accepted:
            self._has_accepted = self._is_trusted = True
            self.reported_status = None
            self._note_fitting()
        elif answer.status == _TOO_LARGE and len(part) > 1:
            # Bytes, not events: one giant among small events must not make later batches tiny.
            self._called_too_large = min(self._called_too_large, max(1, part.size // 2))
        elif self.keeps_resetting:
            # Half the events may be a little more than half the bytes.
            self._never_arrived = part.size * 3 // 4 if len(part) > 1 else math.inf

    @property
    def keeps_resetting(self) -> bool:
        """Whether connections are reset repeatedly, as by a proxy that limits sizes."""
        return self._resets >= _RESETS

    def blames_content(self, answer: Attempt) -> bool:
        """Return whether a response may concern one of the events."""
        return answer.verdict is Verdict.SPLIT or self.suspects_content(answer)

    def suspects_content(self, answer: Attempt) -> bool:
        """Return whether a response concerns one of the events if others are accepted.

        An address that has accepted events is correct. A 403 after that, for example from a
        firewall, may be caused by the text of a single event.
        """
        refused = answer.verdict is Verdict.MISCONFIGURED and 400 <= answer.status < 500
        return refused and self._has_accepted

    def speaks_of_access(self, answer: Attempt) -> bool:
        """Return whether a response may concern the sender or address rather than the events."""
        return answer.status in _ACCESS

    def is_taken_at_its_word(self, answer: Attempt) -> bool:
        """Return whether to blame one event although nothing after it was accepted.

        This happens once after each acceptance, so an address that starts to reject everything
        costs one event. 401 and 404 concern the access and cost none.
        """
        if self.speaks_of_access(answer):
            return False
        trusted, self._is_trusted = self._is_trusted, False
        return trusted

    def _note_fitting(self) -> None:
        """Allow larger batches again from time to time, as resets may have had another cause."""
        if self._never_arrived < math.inf:
            self._fitted += 1
            if self._fitted % _GROWS_AFTER == 0:
                self._never_arrived *= 2
