"""The commands doctor and send, as a user runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from delivering.processes import run
from delivering.servers import Server, refused_url, reply
from growingio_cli.application import app
from growingio_collector import Collector

MAIN = "from growingio_cli import main; main()"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def config(tmp_path: Path, collector: Collector) -> str:
    path = tmp_path / "gio.toml"
    path.write_text(
        f"""
        product_id = "project-1"
        data_source_id = "source-1"
        server_host = "{collector.url}"
        flush_after = 5
        on_invalid = "drop"
        """
    )
    return str(path)


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"LC_ALL": "C", **environment})


def configured(url: str) -> dict[str, str]:
    return {
        "GROWINGIO_PRODUCT_ID": "project-1",
        "GROWINGIO_DATA_SOURCE_ID": "source-1",
        "GROWINGIO_SERVER_HOST": url,
    }


def test_doctor(config: str) -> None:
    """Where all is well, status 0, and each setting with its line."""
    result = invoke("doctor", "--config", config)
    assert result.exit_code == 0, result.output
    assert "gio.toml, line 2)" in result.output
    assert result.output.endswith("No problem found.\n")


def test_doctor_finds_a_problem(config: str) -> None:
    """A problem is status 1, with what to do below it."""
    result = invoke("doctor", "--config", config, GROWINGIO_SERVER_HOST=refused_url())
    assert result.exit_code == 1
    assert "bad     tcp: cannot connect" in result.output
    assert "\n        -> Check the port" in result.output
    assert result.output.endswith("1 problem found.\n")


def test_doctor_in_chinese(config: str) -> None:
    """Chinese on request, and no English sentence among the findings."""
    result = invoke("doctor", "--config", config, "--lang", "zh-CN")
    assert "没有发现问题" in result.output
    assert "accepted" not in result.output


def test_doctor_as_json(config: str) -> None:
    """--json prints one object with everything in both languages."""
    result = invoke("doctor", "--config", config, "--json", "--send")
    report = json.loads(result.output)
    assert (report["ok"], result.exit_code) == (True, 0)
    assert {"name", "status", "sentence", "sentence_zh", "fix", "fix_zh"} == set(
        report["findings"][0]
    )
    assert "send protobuf" in [one["name"] for one in report["findings"]]
    assert report["settings"][0]["name"] == "product_id"


def test_send(config: str, collector: Collector) -> None:
    """The event has arrived when the command ends, with its attributes in their types."""
    result = invoke(
        *("send", "order_paid", "--user", "u1", "--user-key", "email", "--anonymous-id", "v1"),
        *("--attr", "sku=A=1", "--attr", "n=3", "--json-attrs", '{"price": 1.5}'),
        *("--config", config, "--product-id", "other"),
    )
    assert (result.exit_code, result.output) == (0, "order_paid: accepted (204)\n")
    [event] = collector.events()
    assert (event.name, event.user_id, event.user_key, event.device_id) == (
        "order_paid",
        "u1",
        "email",
        "v1",
    )
    assert event.attributes == {"sku": "A=1", "n": "3", "price": 1.5}
    assert collector.requests()[0].target.startswith("/v3/projects/other/collect")


def test_send_without_a_file(collector: Collector) -> None:
    """Three options are configuration enough."""
    given = ("--product-id", "p", "--data-source-id", "d", "--server-host", collector.url)
    assert invoke("send", "e", "--anonymous-id", "v", *given).exit_code == 0
    assert invoke("send", "e", "--user-key", "$notuser", *given).exit_code == 0
    assert len(collector.events()) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(404), "wrong path or project (404)"),
        (reply(200, body=b"<html>"), "web page"),
        (reply(400, body=b"bad event"), "400: bad event"),
    ],
)
def test_send_refused(answer: bytes, said: str, config: str) -> None:
    """An answer that is no acceptance is status 1, with what it means."""
    with Server(*[answer] * 4) as server:
        result = invoke("send", "e", "--user", "u", "--config", config, "--server-host", server.url)
        assert result.exit_code == 1
        assert said in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--user or --anonymous-id"),
        (["--user", "u", "--attr", "novalue"], "KEY=VALUE"),
        (["--user", "u", "--json-attrs", "[]"], "JSON object"),
    ],
)
def test_send_wrongly_used(arguments: list[str], said: str, config: str) -> None:
    """A wrong option is status 2, and named."""
    result = invoke("send", "e", *arguments, "--config", config, NO_COLOR="1", COLUMNS="200")
    assert (result.exit_code, said in result.output) == (2, True)


@pytest.mark.parametrize(
    ("environment", "arguments", "said"),
    [
        ({"GROWINGIO_DISABLED": "1"}, [], "switched off"),
        ({}, ["--server-host", "nowhere"], "--server-host: server_host"),
        ({"GROWINGIO_RETRY_LIMIT": "many"}, [], "GROWINGIO_RETRY_LIMIT: retry_limit must be"),
        ({"GROWINGIO_RETRY_LIMIT": "0"}, ["--server-host", "http://127.0.0.1:1"], "refused"),
        ({"GROWINGIO_MAX_EVENT_BYTES": "10"}, [], "max_event_bytes"),
    ],
)
def test_send_impossible(
    environment: dict[str, str], arguments: list[str], said: str, config: str
) -> None:
    """What keeps the event from leaving is one message and status 1."""
    ended = run(MAIN, "send", "e", "--user", "u", "--config", config, *arguments, **environment)
    assert (ended.returncode, said in ended.stderr) == (1, True), ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes the output for a terminal of 60 columns."""
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_doctor_in_a_terminal(lang: str) -> None:
    """In a terminal no line is longer than that, and none begins with a full stop or a comma."""
    with Server(404) as server:
        result = invoke("doctor", "--lang", lang, **configured(server.url), NO_COLOR="1")
    lines = [line for line in result.output.splitlines() if "GROWINGIO_" not in line]
    assert max(map(cell_len, lines)) <= 60
    assert not [line for line in lines if line.strip()[:1] in "，。；,.;"]
    assert "\n           " in result.output  # the second line of what is to be done


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_doctor_in_colour(no_color: str, coloured: bool) -> None:
    """A terminal gets colours, unless NO_COLOR says otherwise."""
    settings = configured(refused_url())
    result = invoke("doctor", **settings, TERM="xterm", NO_COLOR=no_color)
    assert ("\x1b[" in result.output) == coloured


def test_doctor_says_once_what_is_to_be_done() -> None:
    """What several findings in a row ask for is printed once, below the last of them."""
    result = invoke("doctor")
    assert result.output.count("is missing") == 3
    assert result.output.count("-> ") == 1
