"""D7: the reading of answers, whatever comes in whichever pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_wire.http import Response
from growingio_wire.http.answer import (
    BODY_BYTES,
    HEAD_BYTES,
    BrokenOffError,
    ClosedError,
    NotHttpError,
    ReadAnswer,
    Receive,
    read_answer,
)

names = st.from_regex(r"\A[A-Za-z-]{1,12}\Z")
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
endings = st.sampled_from(["\r\n", "\n"])
statuses = st.integers(200, 999)


@st.composite
def heads(draw: st.DrawFn, status: st.SearchStrategy[int] = statuses) -> bytes:
    """A status line and headers, as servers of all kinds write them."""
    end = draw(endings)
    version, reason = draw(st.sampled_from("01")), draw(values)
    lines = [f"HTTP/1.{version} {draw(status)} {reason}".rstrip()]
    lines += [f"{draw(names)}: {draw(values)}" for _ in range(draw(st.integers(0, 4)))]
    framing = ["content-length: 3", "transfer-encoding: chunked", "connection: close", " folded"]
    lines += draw(st.lists(st.sampled_from(framing), max_size=3))
    return end.join([*lines, "", ""]).encode("latin-1")


bodies = st.one_of(
    st.binary(max_size=40),
    st.lists(st.binary(max_size=9)).map(
        lambda chunks: (
            b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks if one) + b"0\r\n\r\n"
        )
    ),
)
answers = st.builds(
    lambda interim, head, body: b"".join([*interim, head, body]),
    st.lists(heads(st.integers(100, 199)), max_size=2),
    heads(),
    bodies,
)
garbage = st.one_of(
    st.binary(max_size=200),
    st.text("HTTP/1. 2034\r\n:x-", max_size=60).map(str.encode),
    st.builds(
        lambda good, at, bad: good[:at] + bad + good[at:],
        answers,
        st.integers(0, 100),
        st.binary(max_size=5),
    ),
    st.builds(lambda good, end: good[:end], answers, st.integers(0, 100)),
)
errors = st.sampled_from([None, TimeoutError("late"), ConnectionResetError("reset")])


def in_pieces(data: bytes, sizes: list[int], error: OSError | None) -> Receive:
    """Give ``data`` in pieces of these sizes at most, then the error, or else the end."""
    left = bytearray(data)

    def receive(most: int) -> bytes:
        assert most > 0
        if not left and error is not None:
            raise error
        size = min(most, sizes.pop(0) if sizes else most)
        piece = bytes(left[:size])
        del left[:size]
        return piece

    return receive


def outcome(receive: Receive, method: str = "POST") -> Response | type[OSError]:
    """Return the response, or the kind of error that came in its place."""
    try:
        return read_answer(receive, method).response
    except OSError as error:
        return type(error)


@given(
    data=answers | garbage,
    sizes=st.lists(st.integers(1, 30)),
    error=errors,
    method=st.sampled_from(["POST", "HEAD", "CONNECT"]),
)
@settings(max_examples=examples(500), deadline=None)
def test_d7_pieces(data: bytes, sizes: list[int], error: OSError | None, method: str) -> None:
    """The pieces in which an answer comes make no difference; nothing hangs; only OSError comes."""
    whole = outcome(in_pieces(data, [], error), method)
    assert outcome(in_pieces(data, sizes, error), method) == whole
    assert outcome(in_pieces(data, [1] * len(data), error), method) == whole


@given(head=heads(), behind=st.binary(max_size=100), cut=st.integers(0, 300), error=errors)
@settings(deadline=None)
def test_d7_the_status_line_decides(
    head: bytes, behind: bytes, cut: int, error: OSError | None
) -> None:
    """Once its status line is there, an answer counts, whatever happens behind it."""
    line, end, rest = head.partition(b"\n")
    found = outcome(in_pieces(line + end + rest[:cut] + behind, [], error))
    assert isinstance(found, Response)
    assert found.status == int(line.split()[1])


@given(head=heads(), error=errors, data=st.data())
@settings(deadline=None)
def test_d7_no_status_line(head: bytes, error: OSError | None, data: st.DataObject) -> None:
    """Before the status line has ended there is no answer."""
    begun = head[: data.draw(st.integers(0, head.index(b"\n")))]
    assert outcome(in_pieces(begun, [], error)) in (
        {TimeoutError}
        if isinstance(error, TimeoutError)
        else {BrokenOffError if begun else ClosedError if error is None else ConnectionResetError}
    )


LONG_HEAD: Final = b"HTTP/1.1 202 Accepted\r\n" + b"".join(
    b"X-Debug-%d: %s\r\n" % (number, b"v" * 200) for number in range(150)
)


@pytest.mark.parametrize(
    ("rest", "keeps"),
    [
        (b"content-length: 2\r\n\r\n{}", True),
        (b"transfer-encoding: chunked\r\n\r\n2;x=1\r\n{}\r\n0\r\ntrailer: 1\r\n\r\n", True),
        (b"content-length: 2, 2\r\n\r\n{}", True),
        (b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", False),
        (b"content-length: -2\r\n\r\n{}", False),
        (b"transfer-encoding: gzip\r\n\r\n{}", False),
        (b"transfer-encoding: chunked\r\n\r\n2\r\n{}", False),
        (b"transfer-encoding: chunked\r\n\r\nzz\r\n{}", False),
        (b"transfer-encoding: chunked\r\n\r\n2\r\n{}!!0\r\n\r\n", False),
        (b"connection: Close\r\ncontent-length: 2\r\n\r\n{}", False),
        (b"content-length: 2\r\n\r\n{}HTTP/1.1 500 Unasked\r\n\r\n", False),
        (b"\r\n{}", False),
        (b"x" * HEAD_BYTES, False),
    ],
)
def test_d7_connections_kept(rest: bytes, keeps: bool) -> None:
    """A whole answer of known length keeps its connection, however many headers; others do not."""
    answer = read_answer(in_pieces(LONG_HEAD + rest, [], None))
    assert (answer.response.status, answer.keeps) == (202, keeps)
    assert answer.response.headers["x-debug-149"] == "v" * 200


@pytest.mark.parametrize("status", [204, 304])
def test_d7_answers_without_body(status: int) -> None:
    """An answer that cannot have a body has none, whatever its headers say."""
    raw = b"HTTP/1.1 %d X\r\ncontent-length: 5\r\n\r\n" % status
    assert read_answer(in_pieces(raw, [], None)) == ReadAnswer(
        Response(status, {"content-length": "5"}), keeps=True
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, NotHttpError),
        (lambda: b"HTTP/1.1 103 " + b"x" * 10**6, NotHttpError),
        (lambda: b"HTTP/1.1 200 OK\r\n" + b"x" * 10**6, Response(200)),
        (
            lambda: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10**6,
            Response(200, {}, b"x" * BODY_BYTES),
        ),
        (
            lambda: (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10**5
            ),
            Response(200, {"transfer-encoding": "chunked"}, b"x" * (2 * BODY_BYTES // 6)),
        ),
    ],
    ids=["interim", "status line", "head", "body", "chunks"],
)
def test_d7_bounded(raw: Callable[[], bytes], expected: Response | type[OSError]) -> None:
    """Of an endless answer 64 KiB of head and of body are looked at."""
    data = raw()
    taken = 0

    def receive(most: int) -> bytes:
        nonlocal taken
        piece = data[taken : taken + most]
        taken += len(piece)
        return piece

    found = outcome(receive)
    if isinstance(found, Response) and isinstance(expected, Response):
        assert len(found.body) in range(len(expected.body) - 2, len(expected.body) + 1)
        assert (found.status, found.headers) == (expected.status, expected.headers)
    else:
        assert found is expected
    assert taken <= HEAD_BYTES + 2 * BODY_BYTES
