"""Rules of repeated events, and the likely causes of repeats."""

from typing import Final

from growingio_collector.rules.heads import Identified
from growingio_collector.rules.issue import WARN, Issue, Rule, rule
from growingio_wire.said import Said

_ONCE: Final = Said(
    "Look for code that tracks the event twice, two SDKs on one page, or a short time-out.",
    "请检查是否重复埋点、同一页面加载了两个 SDK，或超时时间过短。",
)

DUPLICATE: Final = rule(
    "duplicate",
    WARN,
    Said(
        "The same event again after {seconds} s, although the first was answered {answered}.",
        "{seconds} 秒后再次收到同一事件，而第一次的响应是 {answered}。",
    ),
    _ONCE,
    headline=Said("The same event again", "重复收到同一事件"),
)
DUPLICATE_AFTER_ERROR: Final = rule(
    "duplicate_after_error",
    WARN,
    Said(
        "The same event again after {seconds} s: the first answer was {answered}.",
        "{seconds} 秒后再次收到同一事件：第一次的响应是 {answered}。",
    ),
    Said(
        "The client retries after such an answer. Nothing is wrong with the event itself.",
        "客户端收到这样的响应后会重试，事件本身没有问题。",
    ),
    headline=Said("The same event again, after an error", "出错后重复收到同一事件"),
)
DUPLICATE_UNANSWERED: Final = rule(
    "duplicate_unanswered",
    WARN,
    Said(
        "The same event again after {seconds} s: the first had no answer.",
        "{seconds} 秒后再次收到同一事件：第一次没有得到响应。",
    ),
    Said(
        "The client retries when the connection breaks. Check its time-out.",
        "连接中断后客户端会重试。请检查客户端的超时设置。",
    ),
    headline=Said("The same event again, after no answer", "未得到响应后重复收到同一事件"),
)
DUPLICATE_AS_IMAGE: Final = rule(
    "duplicate_as_image",
    WARN,
    Said(
        "The same event again after {seconds} s as an image request: the first answer was "
        "{answered}, not 204.",
        "{seconds} 秒后以图片请求再次收到同一事件：第一次的响应是 {answered}，不是 204。",
    ),
    Said(
        "The Web SDK accepts only 204 as success. Answer 204, or check the proxies in between.",
        "Web SDK 只把 204 视为成功。请返回 204，或检查中间的代理。",
    ),
    headline=Said(
        "The same event again as an image, because the answer was not 204",
        "响应不是 204，事件以图片请求重发",
    ),
)
DUPLICATE_AS_IMAGE_UNREAD: Final = rule(
    "duplicate_as_image_unread",
    WARN,
    Said(
        "The same event again after {seconds} s as an image request: the page could not read "
        "the first answer, {answered}.",
        "{seconds} 秒后以图片请求再次收到同一事件：页面无法读取第一次的响应 {answered}。",
    ),
    Said(
        "Check for a proxy or a browser extension that removes the CORS headers of the answer.",
        "请检查是否有代理或浏览器扩展去掉了响应的 CORS 响应头。",
    ),
    headline=Said(
        "The same event again as an image, after an unread answer",
        "响应无法读取，事件以图片请求重发",
    ),
)

REPEATS: Final = frozenset(
    rule.code
    for rule in (
        DUPLICATE,
        DUPLICATE_AFTER_ERROR,
        DUPLICATE_UNANSWERED,
        DUPLICATE_AS_IMAGE,
        DUPLICATE_AS_IMAGE_UNREAD,
    )
)
"""Codes of the issues that mark a duplicate."""

WINDOW_US: Final = 120_000_000
"""Time within which repeats arrive; few clients wait longer before they retry."""

_REMEMBERED: Final = 20_000
"""Number of events in each of two generations: about five megabytes in total."""

_MAX_UNANSWERED: Final = 1000
"""Maximum number of concurrent requests; answered and failed ones are removed."""


def repeat_key(text: bytes, project: str | None, event: Identified) -> int:
    """Return what identifies an event among all but its own repeats.

    Without a sequence number, that is the whole text: servers track many events per millisecond.
    """
    if event.event_sequence_id is None and event.global_sequence_id is None:
        return hash((project, text))
    return hash(
        (
            project,
            event.device_id,
            event.user_id,
            event.event_type,
            event.event_name,
            event.timestamp,
            event.event_sequence_id,
            event.global_sequence_id,
        )
    )


class Sending:
    """One request of the last minutes, and its outcome."""

    __slots__ = ("answered", "method", "received_us")

    def __init__(self, received_us: int, method: str) -> None:
        self.received_us = received_us
        self.method = method
        self.answered = 204


class Repeats:
    """Events of the last minutes, by the fields that identify them.

    Several threads may note events at the same time: each change is a single dict operation.
    """

    def __init__(self) -> None:
        self._young: dict[int, Sending] = {}
        self._old: dict[int, Sending] = {}
        self._unanswered: dict[int, Sending] = {}

    def begin(self, received_us: int, method: str) -> Sending:
        """Return the request received then, to be passed with each of its events."""
        sending = Sending(received_us, method)
        if len(self._unanswered) >= _MAX_UNANSWERED:
            self._unanswered = {}
        self._unanswered[received_us] = sending
        return sending

    def answered(self, received_us: int, status: int) -> None:
        """Remember the response status of the request received then; 0 means no response.

        Until then it counts as answered 204.
        """
        sending = self._unanswered.pop(received_us, None)
        if sending:
            sending.answered = status

    def note(self, key: int, now: Sending) -> Issue | None:
        """Remember an event; return the issue if the same one came in an earlier request.

        Twice in one request is not a repeat: a fast program may track the same twice in one
        millisecond.
        """
        earlier = self._young.get(key) or self._old.get(key)
        self._young[key] = now
        if len(self._young) > _REMEMBERED:
            self._old, self._young = self._young, {}
        return None if earlier is None or earlier is now else _issue(earlier, now)


def _issue(earlier: Sending, now: Sending) -> Issue | None:
    passed_us = now.received_us - earlier.received_us
    if not 0 <= passed_us <= WINDOW_US:
        return None
    seconds = f"{passed_us / 1_000_000:.1f}"
    return _rule(earlier, now).issue(seconds=seconds, answered=earlier.answered)


def _rule(earlier: Sending, now: Sending) -> Rule:
    if now.method == "GET" and earlier.method == "POST":
        # The Web SDK counts only a 204 that its page may read (CORS) as success.
        return DUPLICATE_AS_IMAGE_UNREAD if earlier.answered == 204 else DUPLICATE_AS_IMAGE
    if earlier.answered == 0:
        return DUPLICATE_UNANSWERED
    return DUPLICATE_AFTER_ERROR if earlier.answered >= 400 else DUPLICATE
