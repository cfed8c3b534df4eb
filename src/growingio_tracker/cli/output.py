"""Printing to any console."""

import sys
from io import TextIOWrapper
from typing import cast


def print_any_character() -> None:
    """Let a console that lacks a character show its number instead of ending the command."""
    if isinstance(sys.stdout, TextIOWrapper):
        cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
