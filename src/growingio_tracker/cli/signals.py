"""How commands that run until somebody ends them are ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def end_on_signals(end: Callable[[], object]) -> None:
    """Call ``end`` in a thread of its own at Ctrl-C or SIGTERM."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        # A second Ctrl-C is obeyed at once, whatever keeps the command from ending.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=end).start()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
