"""What the plugin says, in the language of the developer's machine."""

from __future__ import annotations

from typing import Final, NamedTuple

from growingio_tracker.cli.language import Language


class Texts(NamedTuple):
    """The sentences of one language. A name in braces stands for a value."""

    missing: str
    everything: str
    nearest: str
    why: str
    joint: str
    arrived: str
    nothing: str
    bad: str
    newest: str
    unreadable: str


_ENGLISH: Final = Texts(
    missing="{found} of {count} events arrived within {timeout:g} s. Wanted: {wanted}.",
    everything="any event",
    nearest="Nearest:",
    why="but {reasons}",
    joint=" and ",
    arrived="Arrived: {list}.",
    nothing="Nothing arrived. Does the client send to {url}? A buffered client sends only when it "
    "is flushed or closed.",
    bad="{found} of {count} events are bad:",
    newest="The newest {shown} of {count}:",
    unreadable="What arrived cannot be shown: {error}",
)

_CHINESE: Final = Texts(
    missing="{timeout:g} 秒内收到 {found} 条，需要 {count} 条。条件：{wanted}。",
    everything="任意事件",
    nearest="最接近的：",
    why="但是 {reasons}",
    joint="，并且 ",
    arrived="已收到：{list}。",
    nothing="没有收到任何数据。客户端的地址是 {url} 吗？带缓冲的客户端只有在 flush 或 close 时才会"
    "发送。",
    bad="{count} 条中有 {found} 条不合格：",
    newest="共 {count} 条，最新的 {shown} 条：",
    unreadable="无法显示收到的数据：{error}",
)


def texts() -> Texts:
    """Return the texts in the terminal's language."""
    return _CHINESE if is_chinese() else _ENGLISH


def is_chinese() -> bool:
    """Tell whether the terminal's language is Chinese."""
    return Language.AUTO.is_chinese
