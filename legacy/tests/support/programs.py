"""Programs in processes of their own, which must end in time."""

from __future__ import unicode_literals

import os
import subprocess
import sys
import threading
import time

DEADLINE_S = 60
# Five seconds are what a program takes to give up; the rest is for a busy machine, and still less
# than the four attempts of 5 s that one batch would take.
GIVEN_UP_S = 15

TRACKING = """
import logging, os, signal, sys, threading, time
from growingio_tracker import *
logging.basicConfig()
url = sys.argv[1]
"""


def started(program, *arguments):
    """Start a program; it is killed when it has not ended after 60 seconds."""
    process = subprocess.Popen([sys.executable, "-c", program] + list(arguments),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.killer = threading.Timer(DEADLINE_S, process.kill)
    process.killer.start()
    return process


def result(process):
    """Return the exit status, the output and the error output of a program."""
    output, errors = process.communicate()
    process.killer.cancel()
    return process.returncode, output.decode("utf-8"), errors.decode("utf-8")


def ended(program, *arguments):
    """Run a program; return the same as :func:`result`."""
    return result(started(program, *arguments))


def seconds_to_end(program, *arguments):
    """Return how long a program took, and what it came to."""
    begun = time.time()
    came_to = ended(program, *arguments)
    return time.time() - begun, came_to


def can_fork():
    """Return whether this system has os.fork."""
    return hasattr(os, "fork")
