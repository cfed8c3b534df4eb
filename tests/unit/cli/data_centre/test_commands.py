"""``growingio plan pull``, ``diff`` and ``push`` against a server that we made ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_centre import TOKEN, DataCentreServer, data_centre
from growingio_wire.plan import Planned, Property
from growingio_wire.plan.reading import load_plan, read_plan
from running_command import Ended, invoked

PLAN = """
events:
  order_paid:
    description: Paid
    attributes:
      amount: {type: number, required: true, min: 0}
      is_gift: boolean
      tags: list
  PAGE:
items:
  goods: {attributes: {price: number}}
users:
  keys: [phone]
  attributes: {birthday: date, level: integer}
"""


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataCentreServer]:
    monkeypatch.setenv("GROWINGIO_PLATFORM_TOKEN", TOKEN)
    with data_centre() as server:
        yield server


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, "utf-8")
    return path


def _run(platform: DataCentreServer, command: str, *arguments: str) -> Ended:
    where = ("--page", f"{platform.page}/", "--project", "p")
    return invoked("plan", command, *arguments, *where)


def test_push(platform: DataCentreServer, plan: Path) -> None:
    """Everything that is missing is created, bound, and then no more different."""
    assert _run(platform, "push", str(plan), "--yes").returncode == 0
    assert {key: one["valueType"] for key, one in platform.event_variables.items()} == {
        "amount": "double",
        "is_gift": "string",
        "tags": "string",
    }
    assert [one["key"] for one in platform.events["order_paid"]["attributes"]] == [
        "amount",
        "is_gift",
        "tags",
    ]
    assert {key: one["valueType"] for key, one in platform.user_variables.items()} == {
        "birthday": "date",
        "level": "int",
    }
    platform.items["goods"] = {
        "id": "g",
        "key": "goods",
        "attributes": [
            {"id": "1", "key": "id", "valueType": "string", "isPrimaryKey": True},
            {"id": "2", "key": "price", "valueType": "double"},
        ],
    }
    alike = _run(platform, "diff", str(plan))
    assert (alike.returncode, alike.stdout) == (0, "The plan and the platform match.\n")
    again = _run(platform, "push", str(plan), "--yes")
    assert "nothing to create" in again.stdout


def test_binding(platform: DataCentreServer, plan: Path) -> None:
    """An event that is there keeps its name and its attributes, and gets those that it lacks."""
    platform.event_variables["old"] = {"id": "o", "key": "old", "valueType": "string"}
    platform.events["order_paid"] = {
        "id": "e",
        "key": "order_paid",
        "name": "支付",
        "attributes": [{"id": "o", "key": "old"}],
    }
    told = _run(platform, "push", str(plan), "--yes").stdout
    assert "- old, bound to order_paid: not in the plan" in told
    event = platform.events["order_paid"]
    assert (event["id"], event["name"]) == ("e", "支付")
    assert [one["key"] for one in event["attributes"]] == ["old", "amount", "is_gift", "tags"]


def test_diff(platform: DataCentreServer, plan: Path) -> None:
    """A difference is told in a line, reads only, and is status 1."""
    platform.event_variables["amount"] = {"id": "a", "key": "amount", "valueType": "int"}
    platform.events["gone"] = {"id": "g", "key": "gone", "attributes": []}
    plan.write_text(PLAN.replace("tags:", "a-b:"), "utf-8")
    found = _run(platform, "diff", str(plan))
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert (
        "! event attribute amount: change it on the platform (int there, double in the plan)"
        in lines
    )
    assert "- event gone: not in the plan" in lines
    assert "+ event order_paid" in lines
    assert any(line.startswith("x event attribute a-b: a key must start with") for line in lines)
    assert platform.operations == ["definitions"]


def test_push_asks(platform: DataCentreServer, plan: Path) -> None:
    """Without an answer nothing is created."""
    asked = _run(platform, "push", str(plan))
    assert asked.returncode != 0
    assert set(platform.operations) == {"definitions"}


def test_pull(platform: DataCentreServer, plan: Path, tmp_path: Path) -> None:
    """What was pushed is pulled again, with the rules of the plan that it came from."""
    _run(platform, "push", str(plan), "--yes")
    pulled = tmp_path / "pulled.yaml"
    ended = _run(platform, "pull", "--plan", str(plan), "-o", str(pulled))
    assert ended.returncode == 0
    before, after = load_plan(plan).plan, load_plan(pulled).plan
    assert after.events == before.events
    assert (after.users, after.user_keys) == (before.users, before.user_keys)


def test_pull_overwrites_nothing(platform: DataCentreServer, plan: Path) -> None:
    """A file that is there keeps its comments, unless it is to be overwritten."""
    platform.events["on"] = {"id": "e", "key": "on", "attributes": []}
    refused = _run(platform, "pull", "--plan", str(plan), "-o", str(plan))
    assert (refused.returncode, plan.read_text("utf-8")) == (2, PLAN)
    assert "Overwrite it with --force" in refused.stderr
    assert platform.operations == []
    forced = _run(platform, "pull", "--plan", str(plan), "-o", str(plan), "--force")
    assert (forced.returncode, "on" in (load_plan(plan).plan.events or {})) == (0, True)


def test_pull_alone(platform: DataCentreServer, plan: Path) -> None:
    """Without a plan, attributes have the platform's types and texts."""
    platform.event_variables["n"] = {
        "id": "n",
        "key": "n",
        "name": "件数",
        "valueType": "int",
    }
    attributes = [{"id": "n", "key": "n"}]
    platform.events["on"] = {"id": "e", "key": "on", "name": "开启", "attributes": attributes}
    text = _run(platform, "pull").stdout
    assert read_plan(text.encode(), "x").plan.events == {
        "on": Planned("开启", attributes={"n": Property("integer", "件数")})
    }


def test_token(platform: DataCentreServer, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is got for client credentials; without either, the usage is wrong."""
    monkeypatch.delenv("GROWINGIO_PLATFORM_TOKEN")
    assert _run(platform, "diff", str(plan)).returncode == 2
    monkeypatch.setenv("GROWINGIO_PLATFORM_CLIENT_ID", "c")
    monkeypatch.setenv("GROWINGIO_PLATFORM_CLIENT_SECRET", "s")
    assert "+ event order_paid" in _run(platform, "diff", str(plan)).stdout
    monkeypatch.setenv("GROWINGIO_PLATFORM_CLIENT_SECRET", "wrong")
    refused = _run(platform, "diff", str(plan))
    assert (refused.returncode, refused.stderr) == (
        1,
        "the platform answered with status 401; check the token, --page and --project\n",
    )


def test_refused(platform: DataCentreServer, plan: Path) -> None:
    """What the platform refuses is told in its own words, and ends the push."""
    platform.refusing = "createDataCenterEventVariable"
    ended = _run(platform, "push", str(plan), "--yes")
    assert ended.returncode == 1
    assert ended.stderr == "createDataCenterEventVariable: the platform refused: no permission\n"
