"""The process that tracks: ``python -m chaos.client SETTINGS``, with the settings as JSON.

It hands over events as fast as its board lets it, and writes there how many calls returned. When
it ends in order, its report says what its consumer made of them.
"""

from __future__ import annotations

import atexit
import faulthandler
import signal
import sys
from collections.abc import Callable

import msgspec

from chaos.board import Board, Slot
from chaos.settings import DRAIN_S, Settings


def main() -> None:
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    board = Board(settings.boards / settings.name, settings.threads)
    last_words: list[Callable[[], None]] = []
    # Handlers run last in, first out: the package's own, which closes the consumers, comes later.
    atexit.register(lambda: [say() for say in last_words])
    from chaos.control import track
    from chaos.tracking import Tracking

    tracking = Tracking(settings, board)
    last_words.append(tracking.report)
    signal.signal(signal.SIGTERM, lambda number, frame: _exit(board))
    sys.unraisablehook = _tell_unless_exit
    faulthandler.register(signal.SIGUSR1)
    if settings.drains:
        sys.exit(not tracking.tracker.flush(DRAIN_S))
    track(tracking)


def _exit(board: Board) -> None:
    board[Slot.ENDING] = 1  # the exit itself is lost where it hits a destructor
    sys.exit(0)


def _tell_unless_exit(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is not SystemExit:
        sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
