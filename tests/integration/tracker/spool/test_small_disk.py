"""G2 on a volume so small that the spool fills it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivering.processes import run_well
from delivering.rig import HOST
from growingio_tracker import DurableConsumer, GrowingTracker, SpoolError
from growingio_wire.http import Request, Response

SIZE = "3m"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount a volume of 3 MB."""
    volume = tmp_path / "volume"
    volume.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(volume)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("not here: no tmpfs may be mounted")
    yield volume
    subprocess.run(["umount", "-l", str(volume)], check=True)


def test_g2_a_disk_that_takes_a_part_of_a_record(tmp_path: Path) -> None:
    """However much of a record the disk still takes, its call raises, and nothing of it stays.

    Those before it and behind it are delivered, and nothing counts as damaged.
    """
    pytest.importorskip("resource", reason="not here: limits of files")
    code = """
    import json, resource, signal, sys
    from pathlib import Path
    from growingio_tracker import *
    from growingio_tracker.testing import MemoryTransport

    transport = MemoryTransport()
    consumer = DurableConsumer(
        "p", "d", "http://x.example", spool=sys.argv[1], flush_after=3600, transport=transport
    )
    tracker = GrowingTracker.consumer(consumer)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    names = []

    def track(name):
        tracker.track_custom_event(name, anonymous_id="x")
        names.append(name)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    track("first")
    [segment] = Path(sys.argv[1]).glob("*.seg")
    for part in range(250):
        size = segment.stat().st_size
        limit(size + part)
        try:
            track(f"refused {part}")
        except SpoolError as error:
            assert "cannot take the event" in str(error)
            assert segment.stat().st_size == size, part
        limit(resource.RLIM_INFINITY)
        track(f"behind {part}")
    assert "refused 1" not in names and "refused 249" in names, names
    assert consumer.flush(20), consumer.stats()
    sent = [one["eventName"] for request in transport.requests for one in json.loads(request.body)]
    assert sent == names
    stats = consumer.stats()
    assert set(stats.dropped) == {"spool_error"}, stats
    assert stats.delivered == len(names), stats
    """
    run_well(code, str(tmp_path))


class ComingAndGoing:
    """A server that is there or not."""

    is_there = False

    def exchange(self, _request: Request) -> Response:
        return Response(204 if self.is_there else 503)

    def close(self) -> None:
        pass


def _fill(tracker: GrowingTracker) -> int:
    """Track until the disk refuses for the tenth time; return how many events it took."""
    taken = refused = 0
    while refused < 10:
        try:
            tracker.track_custom_event("a", anonymous_id="x", attributes={"pad": "x" * 900})
            taken += 1
        except SpoolError:
            refused += 1
    return taken


def test_g2_a_small_volume_is_filled_and_drained(small: Path) -> None:
    """A volume that events fill, and that is drained, takes as many again, twenty times.

    Each refusal is an error at its call and is counted; what was accepted is delivered; and what
    is drained leaves nothing but a control file behind.
    """
    server = ComingAndGoing()
    consumer = DurableConsumer(
        *("p", "d", HOST), spool=small, max_size=200, retry_limit=0, flush_after=0, transport=server
    )
    tracker = GrowingTracker.consumer(consumer)
    taken: list[int] = []
    for _ in range(20):
        server.is_there = False
        taken.append(_fill(tracker))
        server.is_there = True
        assert consumer.flush(20), consumer.stats()
        assert [path.suffix for path in small.iterdir()] == [".spool"]
    stats = consumer.stats()
    assert (stats.delivered, stats.pending) == (sum(taken), 0)
    assert stats.dropped == {"spool_error": 200}
    assert stats.accepted == sum(taken) + 200
    assert min(taken) > 0.9 * max(taken) > 1000
    assert consumer.close()
    assert not list(small.iterdir())
