"""Runs probes in the environments of their subjects, in turns, and keeps every sample."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.environments import ROOT
from benchmarks.figures import Run, Subject, runs_of

Samples = dict[tuple[str, str], list[float]]
"""By subject and figure; a figure's name is that of its run and its key in the run's output."""

_REQUIREMENTS = """
import importlib.metadata as m, json, re, sys
found, todo = set(), [sys.argv[1]]
while todo:
    name = re.sub("[-_.]+", "-", todo.pop()).lower()
    try:
        asked = m.distribution(name).requires or []
    except m.PackageNotFoundError:
        continue
    if name not in found:
        found.add(name)
        todo += [re.match("[A-Za-z0-9._-]+", one)[0] for one in asked if "extra ==" not in one]
print(json.dumps(len(found)))
"""


@contextmanager
def running_sink() -> Iterator[str]:
    """Yield the address of a sink in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sink:
        assert sink.stdout is not None
        assert sink.stdin is not None
        yield f"http://127.0.0.1:{int(sink.stdout.readline())}"
        sink.stdin.close()


def measure(subjects: Sequence[Subject], rounds: int, quick: bool) -> Samples:
    """Return the samples of every run of every subject; the subjects take turns."""
    samples: Samples = defaultdict(list)
    work = {subject: runs_of(subject) for subject in subjects}
    with running_sink() as server:
        for name in dict.fromkeys(run.name for runs in work.values() for run in runs):
            for number in range(rounds):
                for subject, runs in work.items():
                    for run in runs:
                        if run.name == name and number < run.rounds:
                            print(f"{name}: round {number + 1}, {subject.title:40}", end="\r")
                            _take(samples, subject, run, server, quick)
    for subject in subjects:
        if subject.imports:
            samples[subject.key, "imports.ms"] += imports(subject, rounds)
            samples[subject.key, "packages.count"].append(packages(subject))
    return samples


def _take(samples: Samples, subject: Subject, run: Run, server: str, quick: bool) -> None:
    events = max(run.events // (20 if quick else 1), 500) if run.events else 0
    command = [subject.python(), "-m", f"benchmarks.probes.{run.probe}", server]
    if events:
        command += [subject.client, run.strategy, str(events)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **dict(subject.variables)},
    )
    if done.returncode or not done.stdout.strip():
        print(f"{run.name} of {subject.title} failed: {done.stderr.strip()[-400:]}")
        return
    for key, value in json.loads(done.stdout.strip().splitlines()[-1]).items():
        samples[subject.key, f"{run.name}.{key}"].append(value)


def imports(subject: Subject, rounds: int) -> list[float]:
    """Return the milliseconds of an import, each less those of an interpreter that has none."""
    python, variables = subject.python_alone(), dict(subject.variables)
    return [
        max(
            0.0,
            _wall_ms(python, f"import {subject.imports}", variables)
            - _wall_ms(python, "pass", variables),
        )
        for _ in range(rounds * 3)
    ]


def _wall_ms(python: str, code: str, variables: dict[str, str]) -> float:
    begin = time.perf_counter()
    environment = {**os.environ, **variables}
    subprocess.run([python, "-c", code], check=True, capture_output=True, env=environment)
    return (time.perf_counter() - begin) * 1000


def packages(subject: Subject) -> float:
    """Return how many distributions an SDK needs, itself included, extras left out."""
    command = [subject.python_alone(), "-c", _REQUIREMENTS, subject.distribution]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def medians(samples: Samples) -> dict[tuple[str, str], float]:
    """Return the median of each figure's samples."""
    return {key: statistics.median(values) for key, values in samples.items() if values}
