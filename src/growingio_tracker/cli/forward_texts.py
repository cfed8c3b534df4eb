"""What the gateway says before and after the events, in both languages."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from growingio_tracker.collector import Collector, Forwarding


class _Texts(NamedTuple):
    """The sentences in one language."""

    everything: str
    only_good: str
    counts: str
    goes_on: str
    lost: str


_ENGLISH: Final = _Texts(
    everything="Everything goes on to {url}.",
    only_good="Everything goes on to {url}, but for requests with a bad event.",
    counts="Forwarded {done}, failed {failed}, held back {held}, waiting {waiting}.",
    goes_on="What waits goes on when a collector forwards with the same --db.",
    lost="What waited is lost; with --db FILE it would go on next time.",
)
_CHINESE: Final = _Texts(
    everything="所有请求都会转发到 {url}。",
    only_good="请求会转发到 {url}，含错误事件的请求除外。",
    counts="已转发 {done}，失败 {failed}，暂不转发 {held}，等待 {waiting}。",
    goes_on="仍在等待的请求，会在下次用同一个 --db 启动转发时继续发送。",
    lost="仍在等待的请求已丢失；使用 --db FILE 可在下次继续发送。",
)


def _texts(is_chinese: bool) -> _Texts:
    return _CHINESE if is_chinese else _ENGLISH


def opening(forwarding: "Forwarding | None", is_chinese: bool) -> list[str]:
    """Return the lines that say where things go; none when nothing is forwarded."""
    if forwarding is None:
        return []
    texts = _texts(is_chinese)
    sentence = texts.only_good if forwarding.only == "good" else texts.everything
    return [sentence.format(url=forwarding.url)]


def closing(running: "Collector", db: Path | None, is_chinese: bool) -> list[str]:
    """Return the lines that say what became of what was to be forwarded.

    :param db: the file that keeps everything; None when it is forgotten at the end.
    """
    counts, texts = running.forward_counts(), _texts(is_chinese)
    lines = [texts.counts.format(**counts)]
    if counts["waiting"]:
        lines.append(texts.goes_on if db else texts.lost)
    return lines
