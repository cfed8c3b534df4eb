"""The two pages about the gateway against what the commands and the API take."""

import re

import msgspec
import pytest
import typer.main

from growingio_cli.application import app
from growingio_collector.receiving.faults import Fault
from growingio_collector.store.forwards import State
from tree import DOCS


def _options(command: str) -> set[str]:
    group = typer.main.get_command(app)
    parameters = group.commands[command].params  # type: ignore[attr-defined]
    return {option for one in parameters for option in one.opts if option.startswith("--")}


@pytest.mark.parametrize("page", ["gateway.md", "gateway.zh-CN.md"])
def test_complete(page: str) -> None:
    """A page has every option of forwarding and replaying, every state and field, and no others."""
    text = (DOCS / page).read_text(encoding="utf-8")
    forwarding = {option for option in _options("collector") if option.startswith("--forward")}
    rows = set(re.findall(r"^\| `(--[a-z-]+|[a-z_]+)\b", text, re.MULTILINE))
    states = {state.value for state in State}
    fields = {field.name for field in msgspec.structs.fields(Fault)}
    assert rows == forwarding | _options("replay") | states | fields
