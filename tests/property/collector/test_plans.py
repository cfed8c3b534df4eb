"""Plan files of any content."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_wire.plan.reading import CSV, YAML, read_plan
from growingio_wire.plan.source import Defect, PlanError

WORDS = [
    "events", "items", "attributes", "type", "enum", "pattern", "required", "aliases", "additional",
    "version", "number", "event", "attribute", "&a", "*a", "!!int", "<<", "[", "]", "{", "}", ":",
    ": ", ",", "- ", "? ", "\n", "\n  ", "\n    ", "\"", "'", "|", ">", "%", "---", "\x00", "#",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=40).map("".join)


def _defects(content: bytes, format_: str | None) -> tuple[Defect, ...] | None:
    try:
        read_plan(content, "x", format_)
    except PlanError as error:
        return error.defects
    return None


@settings(max_examples=examples(300), deadline=None)
@given(TEXTS.map(str.encode) | st.binary(max_size=200), st.sampled_from([YAML, CSV, None]))
def test_any_content(content: bytes, format_: str | None) -> None:
    """Any bytes are a plan or are refused with defects that can be read in both languages."""
    defects = _defects(content, format_)
    assert defects != ()
    assert all(defect.said.en and defect.said.zh for defect in defects or ())
