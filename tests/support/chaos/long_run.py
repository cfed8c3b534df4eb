"""Long runs: their arguments, what they print meanwhile, and the pages that they write."""

from __future__ import annotations

import argparse
import platform
import random
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from chaos.block import FiguresBlock

_TELL_EVERY_S: Final = 5.0


def arguments(description: str | None, faults: int, page: Path) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every long run has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--faults", type=int, default=faults)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--write", action="store_true", help=f"put the figures into {page.name}")
    return parser


def head(seed: int) -> str:
    """Return when and on what a run was made."""
    return f"{date.today().isoformat()}, Python {platform.python_version()}, seed {seed}:"


def teller() -> Callable[[int, int], None]:
    """Return what prints events and faults so far, from time to time."""
    began = told = time.monotonic()

    def tell(events: int, faults: int) -> None:
        nonlocal told
        if time.monotonic() > told + _TELL_EVERY_S:
            told = time.monotonic()
            print(f"  {told - began:4.0f} s {events:9,} events {faults:4} faults", flush=True)

    return tell


def write(block: FiguresBlock, pages: Sequence[Path], text: str) -> None:
    """Put the figures into the English page and the Chinese one."""
    for page, figures in zip(pages, (text, block.in_chinese(text)), strict=True):
        page.write_text(block.with_figures(page.read_text("utf-8"), figures), "utf-8")
