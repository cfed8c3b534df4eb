"""DebugConsumer prints, and sends as DefaultConsumer does."""

from __future__ import annotations

import io
from typing import TextIO

import pytest

from delivering.rig import HOST, sent, track
from growingio_tracker import DataParser, DebugConsumer, RejectedError, TransportError
from growingio_tracker.testing import Answer, MemoryTransport
from growingio_tracker_protobuf import ProtobufParser


def make(
    *answers: Answer, stream: TextIO | None = None, parser: DataParser | None = None
) -> tuple[DebugConsumer, MemoryTransport]:
    transport = MemoryTransport(answers)
    consumer = DebugConsumer("p", "d", HOST, parser, 0, stream=stream, transport=transport)
    return consumer, transport


def test_prints_to_the_chosen_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """The message, the request and the answer go to the chosen stream and nowhere else."""
    stream = io.StringIO()
    consumer, transport = make(stream=stream)
    track(consumer, "购买")
    printed = stream.getvalue()
    assert '"eventName":"购买"' in printed
    assert "→ POST http://collect.example/v3/projects/p/collect?stm=" in printed
    assert "← 204" in printed
    assert len(transport.requests) == 1
    assert capsys.readouterr() == ("", "")


def test_prints_to_the_standard_output_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stream it prints to what sys.stdout is when it prints."""
    consumer, _ = make()
    track(consumer, "a")
    assert '"eventName":"a"' in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_survives_a_narrow_stream(encoding: str) -> None:
    """What the stream cannot show is escaped, and the event is sent."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    consumer, transport = make(stream=stream)
    track(consumer, "购买")
    assert len(transport.requests) == 1
    if encoding != "utf-16":
        assert rb"\u8d2d\u4e70" in raw.getvalue()


def test_survives_no_stream_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process has no standard output, as under pythonw, events are sent unprinted."""
    monkeypatch.setattr("sys.stdout", None)
    consumer, transport = make()
    track(consumer, "a")
    assert sent(transport) == [["a"]]


def test_binary_bodies_are_printed_as_hex() -> None:
    """A body that is not text is printed as hexadecimal bytes."""
    stream = io.StringIO()
    consumer, transport = make(stream=stream, parser=ProtobufParser())
    track(consumer, "a" * 200)  # its length is no valid UTF-8
    assert transport.requests[0].body.hex(" ") in stream.getvalue()


def test_d6_failures_are_printed_and_raised() -> None:
    """A refusal and a missing answer are printed and raised."""
    stream = io.StringIO()
    consumer, _ = make(503, TransportError("refused"), stream=stream)
    with pytest.raises(RejectedError):
        track(consumer, "a")
    with pytest.raises(TransportError):
        track(consumer, "b")
    assert "← 503" in stream.getvalue()
    assert "← no answer: refused" in stream.getvalue()
