"""Our own requests are no part of the traces of the program that tracks."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

# The key that the instrumentations asked for before it became a constant of the API, and still do.
_PLAIN_KEY: Final = "suppress_instrumentation"


@contextmanager
def untraced() -> Generator[None, None, None]:
    """Let OpenTelemetry's instrumentations overlook what is requested inside.

    Without OpenTelemetry, which is never imported here, it costs one look-up.
    """
    api = sys.modules.get("opentelemetry.context")
    key: str | None = getattr(api, "_SUPPRESS_INSTRUMENTATION_KEY", None)
    if api is None or key is None:  # another thread may just be importing it
        yield
        return
    token = api.attach(api.set_value(key, True, api.set_value(_PLAIN_KEY, True)))
    try:
        yield
    finally:
        api.detach(token)
