"""Optional packages: which are imported, and which releases do (promise I3)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cramjam
import pytest

from growingio_tracker import CustomEventMessage, ItemMessage, UserMappingMessage
from growingio_tracker.core import IS_COMPILED
from growingio_tracker.model import Message
from growingio_tracker.model.record import to_record
from growingio_tracker_protobuf import ProtobufParser

Run = Callable[..., str]

MS = 1_700_000_000_123

NOT_IMPORTED = (
    "snappy",
    "cramjam",
    "google.protobuf",
    "sqlite3",
    "asyncio",
    "http.server",
    "urllib3",
    "requests",
    "django",
    "flask",
    "litestar",
    "opentelemetry",
    "celery",
    "starlette",
    "typer",
    "uvicorn",
)

BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name, name=name.partition(".")[0])

sys.meta_path.insert(0, Block())
"""

COMPRESS = """
import sys
from growingio_tracker_snappy import SnappyParser
sys.stdout.write(SnappyParser().get_bytes([]).hex())
"""


def _many() -> list[tuple[str, Message]]:
    """Messages with every kind of field that we send."""
    event = CustomEventMessage(
        MS, "下单 🛒", "email", "u", "v", {"k": "v", "n": 2**70, "f": -0.5, "b": True}, MS
    )
    for name in ("domain", "url_scheme", "device_brand", "app_version", "app_name", "language"):
        setattr(event, name, f"{name} 中" * 50)
    return [
        ("event", event),
        ("event", CustomEventMessage(1 << 40, "e" * 300, "$notuser")),
        ("item", ItemMessage("product", "1", {f"k{i}": "x" * i for i in range(200)})),
        ("mapping", UserMappingMessage({"phone": "1", "email": "@"}, MS)),
        ("mapping", UserMappingMessage({"phone": "1"})),
    ]


@pytest.mark.parametrize("requirement", ["protobuf==3.20.3", "protobuf>=7"])
def test_i3_official_release(
    environment: Callable[..., str],
    official: Any,
    official_protobuf: ModuleType,
    requirement: str,
) -> None:
    """I3: the oldest and the newest major of the official library read the same from our bytes."""
    bodies = [
        (kind, ProtobufParser().encode_records(message.kind, [to_record(message, 0)[0]] * 2, 0))
        for kind, message in _many()
    ]
    done = subprocess.run(
        [environment(requirement), official_protobuf.__file__ or ""],
        input=official_protobuf.job(bodies),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [official.decode(kind, body) for kind, body in bodies]


def test_i3_protobuf_needs_no_package(run: Run) -> None:
    """I3: ProtobufParser works where no protobuf package can be imported."""
    program = BLOCK.format(blocked=["google"]) + (
        "from growingio_tracker_protobuf import ProtobufParser\n"
        "from growingio_tracker import ItemMessage\n"
        "print(ProtobufParser().get_bytes([ItemMessage('k', 'i')]).hex())\n"
    )
    assert run(sys.executable, "-c", program).strip() == "120612016b0a0169"


def test_i3_cramjam_only(run: Run) -> None:
    """I3: SnappyParser compresses where cramjam is installed and python-snappy is not."""
    packed = run(sys.executable, "-c", BLOCK.format(blocked=["snappy"]) + COMPRESS)
    assert bytes(cramjam.snappy.decompress_raw(bytes.fromhex(packed))) == b"[]"


def test_i3_python_snappy_only(run: Run, environment: Callable[..., str]) -> None:
    """I3: SnappyParser compresses with python-snappy where cramjam cannot be imported."""
    python = environment("python-snappy")
    paths = json.loads(run(python, "-c", "import json, sys; print(json.dumps(sys.path[-1:]))"))
    # python-snappy has its own reference to cramjam by the time that ours is taken away.
    program = f"""
import sys
sys.path += {paths!r}
import snappy
sys.modules["cramjam"] = None
"""
    packed = run(sys.executable, "-c", program + COMPRESS)
    assert bytes(cramjam.snappy.decompress_raw(bytes.fromhex(packed))) == b"[]"


@pytest.mark.parametrize(
    "replaced",
    [
        "",
        "import types; sys.modules['snappy'] = types.ModuleType('snappy')",
        "import types; sys.modules['cramjam'] = types.ModuleType('cramjam')",
    ],
)
def test_i3_snappy_without_a_package(run: Run, replaced: str) -> None:
    """I3: without a usable package SnappyParser is a MissingExtraError with the pip line."""
    program = BLOCK.format(blocked=["snappy", "cramjam"]) + (
        f"{replaced}\n"
        "from growingio_tracker import MissingExtraError\n"
        "from growingio_tracker_snappy import SnappyParser\n"
        "try:\n"
        "    SnappyParser()\n"
        "except MissingExtraError as error:\n"
        "    assert isinstance(error, ImportError)\n"
        "    print(error)\n"
    )
    assert 'pip install "growingio_tracker[snappy]"' in run(sys.executable, "-c", program)


@pytest.mark.parametrize(
    ("framework", "extra"),
    [("django", "django"), ("flask", "flask"), ("celery", "celery"), ("opentelemetry", "otel")],
)
def test_i3_missing_framework(run: Run, framework: str, extra: str) -> None:
    """I3: importing what needs a framework that is missing says how to install it."""
    program = BLOCK.format(blocked=[framework]) + (
        "from growingio_tracker import MissingExtraError\n"
        "try:\n"
        f"    import growingio_tracker.integrations.{framework}\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    assert f'pip install "growingio_tracker[{extra}]"' in run(sys.executable, "-c", program)


@pytest.mark.parametrize(
    "module",
    [
        "growingio_tracker",
        "growingio_tracker.integrations.asgi",
        "growingio_tracker.integrations.logging_handler",
        "growingio_tracker.integrations.serverless",
        "growingio_tracker.integrations.wsgi",
        "growingio_tracker_protobuf",
        "growingio_tracker_snappy",
        "growingio_tracker.testing",
    ],
)
def test_importing_is_cheap(run: Run, module: str) -> None:
    """Importing the package imports no optional package, framework, database or HTTP library."""
    program = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    imported = set(json.loads(run(sys.executable, "-W", "error", "-c", program)))
    assert imported.isdisjoint(NOT_IMPORTED)


# What none of the SDK's own imports may be, as a program that tracks an event needs none of them.
SPARED = (
    "logging",
    "pathlib",
    "signal",
    "string",
    "growingio_tracker.config",
    "growingio_tracker.consumers.buffered",
    "growingio_tracker.consumers.durable",
    "growingio_tracker.core.inputs",
    "growingio_tracker.core.pure",
    "growingio_tracker.delivery.awaiting",
    "growingio_tracker.delivery.spool",
    "growingio_tracker.delivery.workers",
    "growingio_tracker.experiments.client",
    "growingio_tracker.planned",
    "growingio_wire.formatter",
    "growingio_wire.near",
)

TRACKING = """
import sys
sys.modules.update(dict.fromkeys({spared}))
from growingio_tracker import DefaultConsumer, GrowingTracker

class Transport:
    def exchange(self, request):
        from growingio_wire.http import Response
        return Response(200)

    def close(self): ...

consumer = DefaultConsumer("p", "d", "http://collect.example:8080", transport=Transport())
with GrowingTracker.consumer(consumer) as tracker:
    receipt = tracker.track_custom_event("e", anonymous_id="a", attributes={{"n": 1}})
    print(receipt.fate.status)
"""


@pytest.mark.skipif(not IS_COMPILED, reason="the pure core is another")
def test_tracking_spares(run: Run) -> None:
    """Importing the package and tracking an event do without what only some programs need."""
    program = TRACKING.format(spared=SPARED)
    assert run(sys.executable, "-W", "error", "-c", program) == "delivered\n"
