"""Milliseconds that `import growingio_tracker` takes in a fresh interpreter."""

from __future__ import annotations

import json
import time

begin = time.perf_counter()
import growingio_tracker  # noqa: E402, F401

print(json.dumps({"import_ms": (time.perf_counter() - begin) * 1000}))
