"""Plans and generated modules for tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from growingio_cli.codegen.writing import write_module
from growingio_tracker import GrowingTracker
from growingio_tracker.testing import RecordingConsumer
from growingio_wire.plan import Plan
from growingio_wire.plan.reading import read_plan

SHOP = """
version: 1
events:
  order_paid:
    description: An order was paid.
    attributes:
      amount: {type: number, required: true, min: 0, description: In yuan}
      channel: {type: string, required: true, enum: [web, app]}
      coupon: {pattern: "[A-Z]{4}"}
      skus: list
      paid_at: date
      pieces: {type: integer, enum: [1, 2, 3]}
      class: {deprecated: use channel}
      tracker: boolean
  cart_viewed: {deprecated: use page_viewed}
  loose: {additional: allow, attributes: {size: {type: integer, max: 9}}}
  $exp_hit: {attributes: {a-b: {}}}
  PAGE:
items:
  goods: {attributes: {price: {type: number, required: true}}}
users:
  keys: [phone, email]
  attributes: {level: {type: integer, min: 1, max: 9}}
"""


def plan_of(text: str) -> Plan:
    return read_plan(text.encode(), "the plan", "yaml").plan


def loaded(plan: Plan) -> ModuleType:
    """Return the module that is generated for a plan."""
    module = ModuleType("generated")
    exec(compile(write_module(plan, "plan.yaml"), "generated.py", "exec"), module.__dict__)
    return module


def recording_tracker(**options: object) -> tuple[GrowingTracker, RecordingConsumer]:
    consumer = RecordingConsumer("p", "d", "http://x.example")
    return GrowingTracker.consumer(consumer, **options), consumer  # type: ignore[arg-type]


def checked(folder: Path, *files: str) -> list[str]:
    """Return what mypy says of files, a line a mistake."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return [re.sub(r"\s+", " ", line) for line in done.stdout.splitlines()]


def formatted(*files: Path) -> str:
    """Return what ruff would change about the layout of files."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
