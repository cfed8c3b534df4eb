"""Edits of the example shop: what stops those that break its plan; and nothing stops others.

``python -m benchmarks.edits`` makes 1,000 of each at random. An edit is stopped by the first of

- the type checker (mypy),
- ``growingio codegen status``,
- the call itself, when the program runs,
- the collector, which judges what was sent.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.edit_kinds import Edit, Editor
from growingio_cli.codegen.scanning import scan
from growingio_cli.codegen.writing import write_module
from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.plans import judge
from growingio_tracker import GrowingTracker
from growingio_tracker.testing import RecordingConsumer
from growingio_wire.errors import GrowingError
from growingio_wire.near import Guesses
from growingio_wire.plan import LOGIN_USER, Plan

LAYERS: Final = ("type checker", "status", "call", "collector")


class Outcome(NamedTuple):
    """How many edits each layer stopped first, and the kinds of those that none did."""

    stopped: Counter[str]
    missed: Counter[str]

    @property
    def share(self) -> float:
        """The part of the edits that was stopped."""
        return sum(self.stopped.values()) / (sum(self.stopped.values()) + sum(self.missed.values()))


def measure(edits: list[Edit], plan: Plan) -> Outcome:
    """Return what stops edits."""
    outcome = Outcome(Counter(), Counter())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "events.py").write_text(write_module(plan, "plan.yaml"), encoding="utf-8")
        files = [folder / f"edit_{number}.py" for number in range(len(edits))]
        for file, edit in zip(files, edits, strict=True):
            file.write_text(edit.program, encoding="utf-8")
        by_layer = {"type checker": _by_checker(folder), "status": _by_status(folder)}
        by_layer |= _by_running(folder, files, plan)
    for file, edit in zip(files, edits, strict=True):
        layer = next((one for one in LAYERS if file.stem in by_layer[one]), None)
        if layer is None:
            outcome.missed[edit.kind] += 1
        else:
            outcome.stopped[layer] += 1
    return outcome


def _by_checker(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    return {line.partition(".py")[0] for line in lines}


def _by_status(folder: Path) -> set[str]:
    found = scan([folder])
    return {Path(one.file).stem for one in [*found.unplanned, *found.raw]}


def _by_running(folder: Path, files: list[Path], plan: Plan) -> dict[str, set[str]]:
    stopped: dict[str, set[str]] = {"call": set(), "collector": set()}
    with _importing(folder):
        for file in files:
            sent = RecordingConsumer()
            try:
                importlib.import_module(file.stem).day(GrowingTracker.consumer(sent))
            except (GrowingError, TypeError, NameError, AttributeError, ImportError):
                stopped["call"].add(file.stem)
            if any(_is_judged(plan, event.kind, event.name, event) for event in sent.events):
                stopped["collector"].add(file.stem)
    return stopped


def _is_judged(plan: Plan, kind: str, name: str, event: Any) -> bool:
    type_ = {"event": "CUSTOM", "user": LOGIN_USER}.get(kind)
    text, key = event.record.decode(), event.user_key
    message = CheckedMessage(
        "item" if kind == "item" else "event", type_, name or None, key, text=text
    )
    return bool(judge(plan, message, Guesses(1000)))


@contextmanager
def _importing(folder: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name == "events" or name.startswith("edit_"):
                del sys.modules[name]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=18)
    given = parser.parse_args()
    editor = Editor(given.seed)
    for title, make in (("break the plan", editor.breaking), ("are harmless", editor.harmless)):
        outcome = measure([make() for _ in range(given.edits)], editor.plan)
        print(f"{given.edits} edits that {title}: {outcome.share:.1%} stopped")
        for layer in LAYERS:
            print(f"  {layer}: {outcome.stopped[layer] / given.edits:.1%}")
        if outcome.share not in (0, 1):
            print(f"  kinds that were not: {dict(outcome.missed)}")


if __name__ == "__main__":
    main()
