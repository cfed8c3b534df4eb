"""Usage of ``growingio relay kafka://…`` and ``growingio kafka``, without a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from growingio_cli.console import WrongUsage
from growingio_cli.relay_kafka import health_address, line
from growingio_cli.sending import parsed
from growingio_tracker.delivery.ledger import Stats
from running_command import invoked

TOPIC = "kafka://127.0.0.1:9/events"
GIVEN = ("--group", "g", "--server-host", "http://collect.example")


@pytest.mark.parametrize(
    ("address", "servers"),
    [
        ("kafka://a:9092/t", "a:9092"),
        ("kafka://a,b.example:1/t", "a,b.example:1"),
        ("kafka://[::1]:9092/t", "[::1]:9092"),
    ],
)
def test_address(address: str, servers: str) -> None:
    """One broker or several, with or without a port."""
    assert parsed(address) == (servers, "t")


@pytest.mark.parametrize(
    "address",
    ["kafka://", "kafka://a", "kafka://a/", "kafka:///t", "kafka://a/b/c", "kafka://a b/t", "a/t"],
)
def test_no_address(address: str) -> None:
    """What is no address is refused by the name of its argument."""
    with pytest.raises(WrongUsage) as caught:
        parsed(address)
    assert caught.value.said.en.startswith("TARGET must be kafka://host:port")
    assert caught.value.said.zh.startswith("TARGET 应为 kafka://host:port")


def test_password_in_address() -> None:
    """A password among the arguments is refused, and is not repeated."""
    ended = invoked("relay", "kafka://user:s3cret@broker:9092/events", *GIVEN)
    assert ended.returncode == 2
    assert "--kafka-config" in ended.stderr
    assert "s3cret" not in ended.stderr
    assert invoked("kafka", "list", "kafka://u:s3cret@b/t").returncode == 2


@pytest.mark.parametrize("missing", ["--group", "--server-host"])
def test_missing_options(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay of a topic needs a group and a server."""
    monkeypatch.delenv("GROWINGIO_SERVER_HOST", raising=False)
    pairs = dict(zip(GIVEN[::2], GIVEN[1::2], strict=True))
    given = [word for pair in pairs.items() if pair[0] != missing for word in pair]
    ended = invoked("relay", TOPIC, *given)
    assert ended.returncode == 2
    assert f"{missing} is missing" in ended.stderr


def test_options_of_the_other_form(tmp_path: Path) -> None:
    """Options for a topic are no options for a directory, and the other way round."""
    ended = invoked("relay", str(tmp_path), "--group", "g")
    assert "need a TARGET such as kafka://host:port/topic" in ended.stderr
    ended = invoked("relay", TOPIC, *GIVEN, "--create")
    assert "--create is for a spool directory" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--rate", "0"), "--rate: rate must be a number"),
        (("--health", "nowhere"), "--health"),
        (("--health", "127.0.0.1:99999"), "--health"),
        (("--server-host", "ftp://x"), "--server-host: "),
    ],
)
def test_unusable_options(arguments: tuple[str, ...], named: str) -> None:
    """An option that cannot be used is named, before anything is connected to."""
    ended = invoked("relay", TOPIC, *GIVEN, *arguments)
    assert ended.returncode == 2
    assert named in ended.stderr


def test_options_of_librdkafka(tmp_path: Path) -> None:
    """What the relay's guarantees stand on cannot be changed by its file."""
    file = tmp_path / "kafka.properties"
    file.write_text("enable.auto.commit=true\n")
    ended = invoked("relay", TOPIC, *GIVEN, "--kafka-config", str(file))
    assert ended.returncode == 1
    assert "enable.auto.commit cannot be changed here" in ended.stderr


def test_health_address() -> None:
    """The health endpoint is on this machine alone, unless an address is asked for."""
    assert health_address("8080") == ("127.0.0.1", 8080)
    assert health_address(":8080") == ("127.0.0.1", 8080)
    assert health_address("0.0.0.0:8080") == ("0.0.0.0", 8080)
    assert health_address("[::1]:8080") == ("::1", 8080)


def test_line() -> None:
    """The line of a relay adds up."""
    stats = Stats(adopted=10, delivered=5, rejected={"a": 1, "b": 1}, pending=2, handed_over=1)
    assert line(stats) == "10 consumed, 5 delivered, 2 dead letters, 2 pending, 1 given back"


@pytest.mark.parametrize("arguments", [(), ("PLACE",), ("7",)])
def test_requeue_without_a_choice(arguments: tuple[str, ...]) -> None:
    """Which dead letters are put back has to be said."""
    ended = invoked("kafka", "requeue", TOPIC, *arguments)
    assert ended.returncode == 2
    assert "PLACE" in ended.stderr
