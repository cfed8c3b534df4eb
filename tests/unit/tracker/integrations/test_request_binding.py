"""The ids that a request brings along."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker.integrations import anonymous_id_of, safe_user, usable_id


@pytest.mark.parametrize(
    ("header", "cookies", "found"),
    [
        (None, None, None),
        ("h", "visitor=c", "h"),
        (None, "visitor=c", "c"),
        ("", "visitor=c", "c"),
        ("h\x00", "visitor=c", "c"),
        (None, 'a=b; visitor="quoted" ; c', "quoted"),
        (None, "xvisitor=1; visitor=2; visitor=3", "2"),
        (None, "visitor", None),
        (None, "visitor=a=b", "a=b"),
        ("é", None, None),
        ("x" * 256, None, "x" * 256),
        ("x" * 257, None, None),
    ],
)
def test_anonymous_id(header: str | None, cookies: str | None, found: str | None) -> None:
    """The header wins, then the first cookie of the name; what is no id counts as none."""
    headers = {"x-visitor": header, "cookie": cookies}
    assert anonymous_id_of(headers.get, "x-visitor", "visitor") == found


def test_nothing_is_read_unasked() -> None:
    """Without the name of a cookie or header nothing is read."""

    def no_header(name: str) -> str:
        raise AssertionError(name)

    assert anonymous_id_of(no_header, None, None) is None


@given(st.text(), st.text())
def test_anything_sent(header: str, cookies: str) -> None:
    """Whatever is sent raises nothing, and what is taken is printable ASCII of 256 at most."""
    headers = {"x-visitor": header, "cookie": cookies}
    found = anonymous_id_of(headers.get, "x-visitor", "visitor")
    assert found is None or (found.isascii() and found.isprintable() and 0 < len(found) <= 256)


@pytest.mark.parametrize("value", [None, 1, b"a", "", "a\nb", "\ud800", "x" * 257])
def test_no_ids(value: object) -> None:
    """What is no text, empty, too long, or has control characters or surrogates is no id."""
    assert usable_id(value) is None


@pytest.mark.parametrize(
    ("found", "user"), [("u", "u"), (7, "7"), (UUID(int=1), str(UUID(int=1))), (None, None)]
)
def test_users(found: object, user: str | None) -> None:
    """A primary key becomes text, and None stays None."""
    assert safe_user(lambda: found)() == user


@pytest.mark.parametrize("failing", [lambda: 1 / 0, object, lambda: "\ud800"])
def test_users_that_are_not_found(caplog: pytest.LogCaptureFixture, failing: object) -> None:
    """A function that fails, or finds no id, means no user and a warning."""
    caplog.set_level(logging.WARNING, "growingio_tracker")
    assert callable(failing)
    assert safe_user(failing)() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
