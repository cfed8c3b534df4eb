"""One process after another: what a fork takes along, and what the end of a process delivers."""

import atexit
import os
import sys
import threading

from growingio_tracker._compat import monotonic

CLOSE_TIMEOUT_S = 5.0
_SETTLES_S = 0.3  # for threads to end: Python 2 prints a traceback for any that is left

_open = {}


class PerProcess(object):
    """Makes one object in each process: a forked child touches neither its parent's, nor its locks.

    Each object's ``close(until)`` is called at the normal end of its process.
    """

    def __init__(self, make):
        self._make = make
        self._by_pid = {}

    def get(self):
        """Return the object of this process."""
        pid = os.getpid()
        found = self._by_pid.get(pid)
        if found is None:
            # setdefault is atomic, and a lock might have been held when the process was forked.
            found = self._by_pid.setdefault(pid, self._make())
            for objects in (self._by_pid, _open):
                for other in [one for one in list(objects) if one != pid]:
                    objects.pop(other, None)
            _open.setdefault(pid, {})[id(found)] = found
            _at_end_of_multiprocessing_child()
        return found


def closed(closable):
    """Forget what was closed."""
    _open.get(os.getpid(), {}).pop(id(closable), None)


def _close_all():
    until = monotonic() + CLOSE_TIMEOUT_S
    own = list(_open.get(os.getpid(), {}).values())
    # Daemons, because a server's name may be looked up for longer than anybody wants to wait.
    threads = [threading.Thread(target=one.close, args=(until - _SETTLES_S,)) for one in own]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))
    for one in own:
        one.give_up()


def _at_end_of_multiprocessing_child():
    # Such a child leaves by os._exit, and no atexit handler runs.
    util = sys.modules.get("multiprocessing.util")
    if util and sys.modules["multiprocessing"].current_process().name != "MainProcess":
        util.Finalize(None, _close_all, exitpriority=-1000)


atexit.register(_close_all)
