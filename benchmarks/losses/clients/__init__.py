"""The SDKs that are compared, one module each: ``connect(server, report)`` returns a `Client`.

Each makes a client as its SDK's documentation shows, with the default settings, and is imported
by `benchmarks.losses.driver` in an interpreter that has this one SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Report = Callable[..., None]
"""What an SDK that has a callback for losses is given, whatever arguments it calls it with."""


class Client(NamedTuple):
    """What the driver needs of an SDK."""

    track: Callable[[str], object]
    """Hand over one event that carries this token; raises when the SDK does not take it."""
    end: Callable[[], object]
    """What the SDK documents as the last call of a program."""
