"""Python names of planned names, of any text."""

import unicodedata
from keyword import iskeyword

from hypothesis import example, given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_cli.codegen.names import plan_name, python_name

TAKEN = {"tracker", "event_time"}
NAMES = (
    st.text(st.sampled_from("ab_n$-1 p0dlowraw中"), min_size=1, max_size=12)
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
    | st.lists(
        st.sampled_from(["__", "dash1", "raw", "n", "_", "low0", "u24p0", "class", "a", "$"]),
        min_size=1,
    ).map("".join)
)


@settings(max_examples=examples(1000), deadline=None)
@given(NAMES)
@example("tracker_")
@example("ª")
def test_there_and_back(name: str) -> None:
    """Every name has a Python name that is public, not taken, and can be read backwards."""
    python = python_name(name, TAKEN)
    assert python.isidentifier()
    assert not iskeyword(python)
    assert python not in TAKEN
    assert not python.startswith("_")
    assert unicodedata.normalize("NFKC", python) == python
    assert plan_name(python, TAKEN) == name


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(NAMES, unique=True))
def test_no_two_alike(names: list[str]) -> None:
    """Two names never share a Python name."""
    assert len({python_name(name, TAKEN) for name in names}) == len(names)
