"""No thread is inside SQLite while the process forks.

SQLite has locks for the whole process. A child that is forked while another thread holds one waits
for ever when it opens a file, though that file is its own. A fork of which Python knows nothing
goes without this, and only a moment inside SQLite is in danger then.
"""

from __future__ import annotations

import os
import threading
from typing import Final

GATE: Final = threading.RLock()
"""Held around every use of SQLite. Inside of it no other lock is taken."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=GATE.acquire, after_in_parent=GATE.release, after_in_child=GATE.release
    )
