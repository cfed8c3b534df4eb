"""What is wrong in view of the clock, of earlier messages and of other releases."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import WARN, Text

_ONCE = "Look for code that tracks the event twice, two SDKs on one page, or a short time-out."
_ONCE_ZH = "请检查是否重复埋点、同一页面加载了两个 SDK，或超时时间过短。"

OF_HISTORY: Final[Mapping[str, Text]] = {
    "time_in_seconds": Text(
        WARN,
        "{path} is {shown}, which looks like seconds.",
        "{path} 的值是 {shown}，看起来以秒为单位。",
        "Send Unix milliseconds: multiply by 1000.",
        "请发送 Unix 毫秒时间戳，即乘以 1000。",
    ),
    "time_too_fine": Text(
        WARN,
        "{path} is {shown}, which looks like microseconds or nanoseconds.",
        "{path} 的值是 {shown}，看起来以微秒或纳秒为单位。",
        "Send Unix milliseconds.",
        "请发送 Unix 毫秒时间戳。",
    ),
    "time_in_future": Text(
        WARN,
        "The event is dated {seconds:,} s after its receipt.",
        "事件时间比接收时间晚 {seconds:,} 秒。",
        "Set the clock of the sending machine, and send the time in UTC.",
        "请校准发送方的时钟，并使用 UTC 时间。",
    ),
    "time_long_ago": Text(
        WARN,
        "The event is dated {days:,} days before its receipt.",
        "事件时间比接收时间早 {days:,} 天。",
        "Check the event time that is given; without one, an SDK takes the present.",
        "请检查传入的事件时间；不传时 SDK 会使用当前时间。",
    ),
    "stm_far_off": Text(
        WARN,
        "The request's stm is {seconds:,} s away from its receipt.",
        "请求的 stm 与接收时间相差 {seconds:,} 秒。",
        "Send the present in Unix milliseconds as stm, and set the clock of the machine.",
        "stm 应为发送时刻的 Unix 毫秒时间戳；请同时校准发送方的时钟。",
    ),
    "name_outside_pattern": Text(
        WARN,
        "The Web SDK would refuse the event name {shown}.",
        "Web SDK 不接受事件名 {shown}。",
        "For events that web pages send too, use up to 100 letters, digits and _, a letter first.",
        "网页也要发送的事件，名称请以字母开头，只含字母、数字和下划线，最长 100 个字符。",
    ),
    "sdk_old": Text(
        WARN,
        "The sending SDK is release {version}; {newest} is known.",
        "发送方的 SDK 版本是 {version}；已知有 {newest}。",
        "Upgrade the SDK when you can. This is said once for each release.",
        "请在方便时升级 SDK。每个版本只提示一次。",
    ),
    "other_project": Text(
        WARN,
        "{path} is {shown}, but the request went to project {project}.",
        "{path} 是 {shown}，但请求发往项目 {project}。",
        "Use one project id for the path and the event.",
        "路径和事件中应使用同一个项目 ID。",
    ),
    "duplicate": Text(
        WARN,
        "The same event again after {seconds} s, although the first was answered {answered}.",
        "{seconds} 秒后再次收到同一事件，而第一次已应答 {answered}。",
        _ONCE,
        _ONCE_ZH,
    ),
    "duplicate_after_error": Text(
        WARN,
        "The same event again after {seconds} s: the first answer was {answered}.",
        "{seconds} 秒后再次收到同一事件：第一次的应答是 {answered}。",
        "The client tries again after such an answer. Nothing is wrong with the event itself.",
        "客户端收到这样的应答后会重试，事件本身没有问题。",
    ),
    "duplicate_unanswered": Text(
        WARN,
        "The same event again after {seconds} s: the first had no answer.",
        "{seconds} 秒后再次收到同一事件：第一次没有得到应答。",
        "The client tries again when the connection breaks. Look at its time-out.",
        "连接中断后客户端会重试。请检查客户端的超时设置。",
    ),
    "duplicate_as_image": Text(
        WARN,
        "The same event again after {seconds} s as an image request: the first answer was "
        "{answered}, not 204.",
        "{seconds} 秒后以图片请求再次收到同一事件：第一次的应答是 {answered}，不是 204。",
        "The Web SDK takes only 204 as success. Answer 204, or look what stands in between.",
        "Web SDK 只把 204 视为成功。请应答 204，或检查中间的代理。",
    ),
    "duplicate_as_image_unread": Text(
        WARN,
        "The same event again after {seconds} s as an image request: the page could not read the "
        "first answer, {answered}.",
        "{seconds} 秒后以图片请求再次收到同一事件：页面无法读取第一次的应答 {answered}。",
        "Look for a proxy or a browser extension that removes the CORS headers of the answer.",
        "请检查是否有代理或浏览器扩展去掉了应答的 CORS 响应头。",
    ),
}
