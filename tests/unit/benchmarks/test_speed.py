"""The benchmarks: their page hides nothing, and their guard counts the same every time."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest
from benchmarks import chart, guard, page
from benchmarks.chinese import in_chinese
from benchmarks.figures import AIMS, OLD, PEERS, THIS, TWIN, Aim
from benchmarks.losses import page as losses_page
from benchmarks.losses.scenarios import SCENARIOS
from benchmarks.measured import END, MeasuredPage
from benchmarks.sink import decoded

AIM = Aim("packages", lambda medians: medians["this", "packages.count"], at_most=3)
MEDIANS = {("this", "call.median_ns"): 1000.0, ("old", "call.median_ns"): 4000.0}


@pytest.mark.skipif(sys.gettrace() is not None, reason="not beside another tracer")
def test_guard_is_deterministic() -> None:
    """Two counts of the instructions of a call are equal."""
    assert guard.instructions() == guard.instructions() > 0


@pytest.mark.skipif(sys.gettrace() is not None, reason="not beside another tracer")
def test_ignored_receipt() -> None:
    """A receipt that nobody keeps takes no memory."""
    assert guard.blocks() < 2  # the waiting record


@pytest.mark.parametrize(
    ("medians", "value", "verdict"),
    [
        ({("this", "packages.count"): 3.0}, "3", "met"),
        ({("this", "packages.count"): 4.0}, "4", "**missed**"),
        ({}, "–", "not measured"),
    ],
    ids=["met", "missed", "absent"],
)
def test_aim(medians: dict[tuple[str, str], float], value: str, verdict: str) -> None:
    """A missed aim is shown as missed, and one that was not measured as that."""
    assert page.aim_row(AIM, medians) == ["packages", "at most 3", value, verdict]


def test_miss() -> None:
    """A missed aim is listed with its reason, in both languages."""
    aim = AIM._replace(says="pure core: events/s, ratio to 1.0.5", costs=AIMS[-2].costs)
    said = page.miss(aim, page.aim_row(aim, {("this", "packages.count"): 4.0}))
    assert said.startswith(f"- {aim.says}: 4, and at most 3 was the aim. The call ")
    assert in_chinese(said).startswith(
        "- 纯 Python 内核：事件数/秒，与 1.0.5 之比：4，目标是至多 3。检查"
    )


@pytest.mark.parametrize("written_page", [page.PAGE, losses_page.PAGE], ids=["speed", "losses"])
def test_page(written_page: MeasuredPage) -> None:
    """Writing replaces the measured part of docs/speed.md and losses.md, and nothing else."""
    for path in (written_page.path, written_page.chinese):
        before, _, rest = path.read_text(encoding="utf-8").partition(written_page.begin)
        _, _, after = rest.partition(END)
        written = written_page.replaced(path, "new\n")
        assert written == f"{before}{written_page.begin}new\n{END}{after}"


@pytest.mark.parametrize("written_page", [page.PAGE, losses_page.PAGE], ids=["speed", "losses"])
def test_chinese_page(written_page: MeasuredPage) -> None:
    """The Chinese page shows what the English one does."""
    measured = written_page.measured_on(written_page.path)
    assert written_page.measured_on(written_page.chinese) == in_chinese(measured)


def test_every_text_has_chinese() -> None:
    """Every text that the tables may show has its Chinese."""
    shown = [page.render((THIS, TWIN, OLD), {}), *(f"| {one.says} |" for one in SCENARIOS)]
    shown += [f"| {one.title} 1.0.0 |" for one in PEERS]
    shown += [page.miss(one, [one.says, "at most 1", "2", "**missed**"]) for one in AIMS]
    assert in_chinese("\n".join(shown))


def test_chart() -> None:
    """The chart is well-formed, and has a bar for each SDK that was measured."""
    root = ElementTree.fromstring(chart.render((THIS, OLD), MEDIANS))
    assert len(root.findall("{*}rect")) == 2


def test_sink_decodes() -> None:
    """A body that is not compressed is counted as it stands."""
    assert decoded(b"[1]") == b"[1]"
