"""The options of ``growingio collector`` that make it a gateway."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from growingio_tracker.collector import Forwarding


class Only(str, Enum):
    """Which requests are forwarded."""

    ALL = "all"
    GOOD = "good"


ForwardOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Send everything on to this server, unchanged, after it was stored and answered.",
    ),
]
ForwardOnlyOption = Annotated[
    Only | None,
    typer.Option(help="all, the default; or good: hold requests back in which an event is bad."),
]
ForwardTimeoutOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="For connecting to that server, and again for its answer; 10 by default.",
    ),
]
ForwardSyncOption = Annotated[
    bool,
    typer.Option(
        "--forward-sync", help="Wait for that server and give clients its answer; no retries."
    ),
]


def forwarding(
    url: str | None, only: Only | None, timeout_s: float | None, sync: bool
) -> Forwarding | None:
    """Return what the options say; None, nothing is forwarded.

    :raises typer.BadParameter: one is given without ``--forward``.
    :raises GrowingParamException: one cannot be used.
    """
    # --help need not wait for it.
    from growingio_tracker.collector.forward.settings import (  # noqa: PLC0415
        DEFAULT_TIMEOUT_S,
        Forwarding,
    )

    if url is None:
        if only or sync or timeout_s is not None:
            raise typer.BadParameter("--forward-… needs --forward URL.")
        return None
    return Forwarding(
        url=url,
        only="good" if only is Only.GOOD else "all",
        timeout_s=DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s,
        sync=sync,
    )
