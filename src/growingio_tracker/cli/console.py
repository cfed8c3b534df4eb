"""What every command that shows received text does with its console."""

import logging
import sys
from io import TextIOWrapper
from typing import cast


def show_any_character() -> None:
    """Let a console that lacks a character show its number instead of ending the command."""
    if isinstance(sys.stdout, TextIOWrapper):
        cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")


def show_log() -> None:
    """Print what the collector logs on stderr: the package itself keeps its log to itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("growingio_tracker.collector").addHandler(handler)
