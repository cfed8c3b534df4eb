"""Folder in which the commands of a page find the files and servers that they name."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import cramjam

from brokers import running_broker
from data_centre import TOKEN, data_centre
from delivering.rig import track
from delivering.waiting import DEADLINE_S, until
from growingio_collector import Collector
from growingio_tracker import DurableConsumer, GrowingTracker
from installed import Environment, explained
from pages import blocks, shell_lines

STRICT: Final = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body "$@"; }\n'
SERVERS: Final = re.compile(r"growingio (?:collector(?! run)|relay)\b")
"""Commands that run until they are ended."""

DIFFERENT: Final = "growingio plan diff"
"""A command whose status says that there is a difference, here from a platform that has nothing."""

BROKERS: Final = "localhost:9092"
TOPICS: Final = ("growingio-events", "growingio-events.dead-letters")
PLAN: Final = """
version: 1
events:
  order_paid: {attributes: {amount: {type: number, required: true}, channel: string}}
"""
PAID: Final = {"amount": 3, "price": "15.5"}
ORDERS: Final = "event_name,login_user_id,amount\norder_paid,u-1,3\n"
OLD_LOG: Final = (
    '{"event": "order_paid", "distinct_id": "u-1", "time": 1767225600000, "properties": {}}\n'
)
OLD_MAPPING: Final = """
fields: {event_name: event, login_user_id: distinct_id, event_time: {column: time, type: ms}}
spread: [properties]
rest: ignore
"""
TEST: Final = f"""
from growingio_tracker import GrowingTracker

PAID = {PAID!r}

def test_shop():
    with GrowingTracker.from_env() as tracker:
        tracker.track_custom_event("order_paid", login_user_id="u-1", attributes=PAID)
"""
CONFIGURATION: Final = """
product_id = "project"
data_source_id = "source"
server_host = "{url}"
"""


class Stage:
    """A folder with everything that commands name, and the collector that they send to."""

    def __init__(
        self,
        folder: Path,
        environment: Environment,
        collector: Collector,
        platform: str,
        brokers: str,
    ) -> None:
        self.folder, self._environment = folder, environment
        self._collector, self._platform, self._brokers = collector, platform, brokers

    def fill(self, page: Path) -> None:
        _track(self._collector)
        texts = {
            "plan.yaml": next(
                (one.text for one in blocks(page) if re.search("^events:", one.text, re.M)), PLAN
            ),
            "orders.csv": ORDERS,
            "history.csv": ORDERS,
            "events.log": OLD_LOG,
            "mapping.yaml": OLD_MAPPING,
            "test_shop.py": TEST,
            "run-my-tests.sh": "#!/bin/sh\nexec python test_shop_program.py\n",
            "test_shop_program.py": f"{TEST}\ntest_shop()\n",
            "growingio.toml": CONFIGURATION.format(url=self._collector.url),
            "shop/__init__.py": "",
        }
        for name, text in texts.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        (self.folder / "run-my-tests.sh").chmod(0o755)
        self._fill_runs()
        self._fill_spool()
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            database.execute("create table orders (id integer, event_name, login_user_id, paid)")
            database.execute("insert into orders values (1, 'order_paid', 'u-1', 1)")
            database.commit()

    def _fill_runs(self) -> None:
        runs = self.folder / "runs.sqlite"
        with Collector(db=runs) as collector:
            _track(collector)
        for name in ("today", "yesterday", "golden"):
            shutil.copy(runs, self.folder / f"{name}.sqlite")
        body = b'[{"eventType": "CUSTOM", "eventName": "order_paid", "timestamp": 1767225600000}]'
        (self.folder / "body.bin").write_bytes(bytes(cramjam.snappy.compress_raw(body)))
        (self.folder / "request.json").write_bytes(body)

    def _fill_spool(self) -> None:
        """Leave ten dead letters."""
        self._collector.faults.set(status=400)
        with DurableConsumer(
            "project", "source", self._collector.url, spool=self.folder / "DIR", flush_after=3600
        ) as consumer:
            track(consumer, *[f"event{number}" for number in range(10)])
            assert consumer.flush(DEADLINE_S)
        self._collector.faults.clear()

    def run(self, line: str) -> None:
        """Run a command as a reader does; a server is ended once it has said that it is there."""
        command = self._filled_in(line)
        if SERVERS.match(command):
            self._serve(command)
            return
        done = subprocess.run(
            ["bash", "-c", f"{STRICT}{command}"],
            cwd=self.folder,
            env=self._variables,
            input="y\n",
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        wanted = 1 if command.startswith(DIFFERENT) else 0
        assert done.returncode == wanted, f"{command}\n{explained(done.stdout + done.stderr)}"

    def _serve(self, command: str) -> None:
        words = shlex.split(command)
        if words[1] == "collector":
            words += ["--port", "0"]
        log = self.folder / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                words, cwd=self.folder, env=self._variables, stdout=output, stderr=output
            ) as process,
        ):
            until(lambda: log.read_bytes() or process.poll() is not None, "a first line")
            process.send_signal(signal.SIGINT)
            status = process.wait(DEADLINE_S)
        assert status == 0, f"{command}\n{explained(log.read_text('utf-8'))}"

    def _filled_in(self, line: str) -> str:
        for pattern, text in (
            (r"\s+#.*$", ""),
            (r"^\.venv/bin/", ""),
            (r"--page https://… --project …", f"--page {self._platform} --project p"),
            (r"https://collect\.example\.com|http://127\.0\.0\.1:8917", self._collector.url),
            (BROKERS, self._brokers),
            (r"127\.0\.0\.1:8080", "127.0.0.1:0"),
            (r"/var/lib/growingio", "spool"),
            (r"\bFILE\b", "exported.ndjson"),
        ):
            line = re.sub(pattern, text, line)
        assert "…" not in line, f"{line}: nobody knows what stands for …"
        return line

    @property
    def _variables(self) -> dict[str, str]:
        return self._environment.variables(
            GROWINGIO_PRODUCT_ID="project",
            GROWINGIO_DATA_SOURCE_ID="source",
            GROWINGIO_SERVER_HOST=self._collector.url,
            GROWINGIO_PLATFORM_TOKEN=TOKEN,
            GROWINGIO_IMPORT_DSN="sqlite:///shop.db",
            LC_ALL="C.UTF-8",
            PYTHONUTF8="1",
        )


def _track(collector: Collector) -> None:
    with GrowingTracker("project", "source", collector.url) as tracker:
        tracker.track_custom_event("order_paid", login_user_id="user-1", attributes=PAID)


@contextmanager
def brokers_of(page: Path) -> Iterator[str]:
    """Yield the address of a broker with the topics of a page, if it has commands for one."""
    if BROKERS not in page.read_text("utf-8"):
        yield BROKERS
        return
    with running_broker() as broker:
        for topic in TOPICS:
            broker.make_topic(topic)
        yield broker.address


@contextmanager
def staged(folder: Path, page: Path, environment: Environment) -> Iterator[Stage]:
    """Return a stage for the commands of a page."""
    with Collector() as collector, data_centre() as platform, brokers_of(page) as brokers:
        stage = Stage(folder, environment, collector, platform.page, brokers)
        stage.fill(page)
        yield stage


def runnable(page: Path) -> list[str]:
    """Return the commands of a page that can be run, in their order.

    What a page exports is set on every stage, and what it installs is the environment. Other
    programs, such as docker, are not here.
    """
    return [
        line
        for line in shell_lines(page)
        if re.match(r"(?:\.venv/bin/)?(?:growingio|curl|mkdir) ", line)
    ]
