"""Run every probe under this SDK and under 1.0.5 in turn, and print medians with their ratio."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.environments import OLD_RELEASE, ROOT, python_with

HERE = Path(__file__).resolve().parent
ROUNDS = 5


class Figure(NamedTuple):
    """One measured figure: which probe prints it under which key, and what to aim for."""

    probe: str
    key: str
    name: str
    aim: str


FIGURES = (
    Figure("call", "median_ns", "one call, median, ns", "at most 3,000"),
    Figure("call", "p99_ns", "one call, 99th percentile, ns", "under 20,000"),
    Figure("delivery", "cpu_s", "CPU s per 100,000 delivered", "ratio at most 0.3"),
    Figure("delivery", "events_per_s", "delivered events per s", "ratio at least 5"),
    Figure("delivery", "lost", "events lost", "0"),
    Figure("imports", "import_ms", "import, ms", "under 80"),
)

OWN_FIGURES = (
    Figure("durable", "median_ns", "one durable call, median, ns", "at most 15,000"),
    Figure("durable", "p99_ns", "one durable call, 99th percentile, ns", ""),
    Figure("durable", "open_s", "opening 1,000,000 records, s", "under 1"),
    Figure("durable", "drain_per_s", "drained from disk, events per s", ""),
    Figure("durable", "drain_ratio", "the same, to the memory queue's", "at least 0.5"),
    Figure("durable", "waiting_mib", "memory for 1,000,000 on disk, MiB", "flat"),
    Figure("durable", "draining_mib", "memory while they drain, MiB", "flat"),
)

Samples = dict[tuple[str, str], list[float]]


def main() -> None:
    pythons = {"this": sys.executable, "old": python_with(OLD_RELEASE)}
    samples: dict[str, Samples] = {who: defaultdict(list) for who in pythons}
    with running_sink() as server:
        for probe in dict.fromkeys(figure.probe for figure in (*FIGURES, *OWN_FIGURES)):
            compared = any(figure.probe == probe for figure in FIGURES)
            for round_number in range(ROUNDS):
                print(f"{probe}: round {round_number + 1} of {ROUNDS}", end="\r", flush=True)
                for who in pythons if compared else ["this"]:
                    for key, value in measure(pythons[who], probe, server).items():
                        samples[who][probe, key].append(value)
    print_table(samples)
    print_own_table(samples["this"])
    write_results(samples)


@contextmanager
def running_sink() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, str(HERE / "sink.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sink:
        assert sink.stdout is not None
        assert sink.stdin is not None
        yield f"http://127.0.0.1:{int(sink.stdout.readline())}"
        sink.stdin.close()


def measure(python: str, probe: str, server: str) -> dict[str, float]:
    done = subprocess.run(
        [python, str(HERE / "probes" / f"{probe}.py"), server],
        cwd=HERE / "probes",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def print_table(samples: dict[str, Samples]) -> None:
    print(f"{'':34}{'this':>14}{OLD_RELEASE:>14}{'ratio':>8}   aim")
    for figure in FIGURES:
        this, old = (samples[who][figure.probe, figure.key] for who in ("this", "old"))
        mine, theirs = statistics.median(this), statistics.median(old)
        ratio = f"{mine / theirs:.2f}" if theirs else "-"
        print(f"{figure.name:34}{number(mine):>14}{number(theirs):>14}{ratio:>8}   {figure.aim}")


def print_own_table(samples: Samples) -> None:
    print(f"\n{'':46}{'this':>14}   aim")
    for figure in OWN_FIGURES:
        mine = statistics.median(samples[figure.probe, figure.key])
        print(f"{figure.name:46}{number(mine):>14}   {figure.aim}")


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3f}"


def write_results(samples: dict[str, Samples]) -> None:
    path = HERE / "results" / "latest.json"
    path.parent.mkdir(exist_ok=True)
    flat = {
        who: {f"{probe}.{key}": values for (probe, key), values in found.items()}
        for who, found in samples.items()
    }
    path.write_text(json.dumps(flat, indent=1) + "\n", encoding="utf-8")
    print(f"every sample: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
