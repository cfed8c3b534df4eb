"""Messages as JSON text."""

import json
from typing import Any

import msgspec
import pytest

from growingio_wire.json_text import (
    LongNumber,
    as_text,
    attribute_is,
    encode,
    is_json,
    mentions,
    read_attributes,
    read_object,
    stored_json,
    type_of,
    written_attributes,
)

NUMBERS = [
    "1.0",
    "1e2",
    "1E+2",
    "-0.0",
    "9007199254740993",
    "12345678901234567890",
    "1e999",
    "9" * 4301,
]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_as_written(number: str) -> None:
    """A number is shown, compared and searched as it was written, whatever programs make of it."""
    text = f'{{"attributes":{{"n": {number}}}}}'
    assert as_text(written_attributes(text)["n"]) == number
    assert attribute_is(text, "n", number)
    assert not attribute_is(text, "n", number + "0")
    assert mentions(text, number)
    assert as_text(written_attributes(text.encode())["n"]) == number


def test_numbers_in_python() -> None:
    """Python gets exact integers; what no Python number holds is the text that was written."""
    text = f'{{"a":{2**70},"b":1.5,"c":1e999,"d":{"9" * 4301}}}'
    assert read_object(text) == {"a": 2**70, "b": 1.5, "c": "1e999", "d": "9" * 4301}
    long = (read_object(text) or {})["c"]
    assert isinstance(long, LongNumber)
    assert encode({"a": [long]}) == b'{"a":[1e999]}'


def test_numbers_as_python_writes_them() -> None:
    """Who asks for a number as Python writes it finds it however it was written."""
    assert attribute_is('{"attributes":{"n":1e2}}', "n", "100.0")
    assert not attribute_is('{"attributes":{"n":"1e2"}}', "n", "100.0")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"a"', "a"),
        (r'"\u4e2d\n"', "中\n"),
        ('{"a" : [1 , 2.0]}', '{"a":[1,2.0]}'),
        ("null", "null"),
        ("true", "true"),
    ],
)
def test_values_as_text(written: str, shown: str) -> None:
    """A string is compared as it is, all else as its JSON without white space."""
    assert as_text(msgspec.Raw(written)) == shown


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("{}", {}),
        ('{"attributes":null}', {}),
        ('{"attributes":{"a":1e999}}', {"a": "1e999"}),
        ('{"attributes":[1e999]}', None),
        ("[1]", None),
        ("null", None),
        ("", None),
        (None, None),
    ],
)
def test_read_attributes(text: str | None, attributes: object) -> None:
    """Attributes are read from any JSON; None says that there is no object to read."""
    assert read_attributes(text) == attributes


@pytest.mark.parametrize(
    "text", ["", "{", "nul", '{"attributes":', "[" * 100_000, '{"a":"\\ud800"}', "\ud800", "\x00"]
)
def test_damaged(text: str) -> None:
    """Text that is no JSON, or is nested too deeply, has no values, and is shown as a string."""
    assert not is_json(text)
    assert (read_object(text), read_attributes(text), written_attributes(text)) == (None, None, {})
    assert not attribute_is(text, "a", "1")
    assert mentions(text, text)


def test_shown_when_damaged() -> None:
    """Damaged text is shown as a string, so that what is shown is always JSON."""
    assert bytes(stored_json('{"a": 1e2}')) == b'{"a": 1e2}'
    assert json.loads(bytes(stored_json('{"a":'))) == '{"a":'
    assert bytes(stored_json(None)) == b"null"


def test_escapes_are_searched() -> None:
    r"""A search finds characters that the message writes as ``\uXXXX``, in any case."""
    assert mentions(r'{"a":"\u5fae\u7b11\ud83d\ude00 Ab"}', "微笑😀 aB")


@pytest.mark.parametrize(
    ("value", "name"),
    [([], "array"), ({}, "object"), ("", "string"), (1, "integer"), (1.5, "number")],
)
def test_types(value: Any, name: str) -> None:
    """The type of a value is told from its text alone."""
    assert type_of(json.dumps(value).encode()) == name
