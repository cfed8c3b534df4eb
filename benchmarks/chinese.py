"""What was measured, in Chinese: the same tables cell by cell, as figures are written once."""

from __future__ import annotations

import re
from typing import Final

PHRASES: Final = {
    # headings
    "Side by side": "并列比较",
    "Aims": "目标",
    "The limit, and the disk": "上限与磁盘",
    "Formats": "格式",
    "Sweeps": "单变量测试",
    "Where we miss": "未达到的目标",
    "Lost": "丢失",
    "Duplicated": "重复",
    # what was measured
    "this SDK": "本 SDK",
    "one call, median, ns": "一次调用，中位数，ns",
    "one call, 99th percentile, ns": "一次调用，P99，ns",
    "delivered events/s": "送达事件数/秒",
    "CPU s per 100,000": "每 10 万事件的 CPU 秒数",
    "lost": "丢失",
    "one event a request, requests/s": "逐条发送，请求数/秒",
    "MiB, 100,000 waiting": "10 万事件排队时的 MiB",
    "import, ms": "import，ms",
    "packages": "依赖包数",
    "aim": "目标",
    "bound": "界限",
    "measured": "实测",
    "met": "达到",
    "**missed**": "**未达到**",
    "not measured": "未测",
    "call, ratio to 1.0.5": "调用，与 1.0.5 之比",
    "call, 99th percentile, ns": "调用，P99，ns",
    "events/s, ratio to 1.0.5": "事件数/秒，与 1.0.5 之比",
    "CPU, ratio to 1.0.5": "CPU，与 1.0.5 之比",
    "BufferedConsumer, events/s, ratio to 1.0.5": "BufferedConsumer，事件数/秒，与 1.0.5 之比",
    "events/s, ratio to the best peer": "事件数/秒，与最快的其他 SDK 之比",
    "protobuf, events/s, ratio to 1.0.5": "protobuf，事件数/秒，与 1.0.5 之比",
    "snappy, events/s, ratio to JSON": "snappy，事件数/秒，与 JSON 之比",
    "snappy and XOR, ratio to JSON": "snappy 加 XOR，与 JSON 之比",
    "one event a request, ratio to 1.0.5": "逐条发送，与 1.0.5 之比",
    "one event a request, ratio to the best peer": "逐条发送，与最快的其他 SDK 之比",
    "events per CPU s, share of the limit": "每 CPU 秒事件数，占上限的比例",
    "import over a bare interpreter, ms": "import 比空解释器多用的时间，ms",
    "MiB for 100,000 waiting": "10 万事件排队占用的 MiB",
    "durable call, median, ns": "持久化调用，中位数，ns",
    "durable call, ratio to 1.0.5's call in memory": "持久化调用，与 1.0.5 的内存调用之比",
    "drained from disk, ratio to the memory queue": "从磁盘发送，与内存队列之比",
    "pure core: call, ratio to 1.0.5": "纯 Python 内核：调用，与 1.0.5 之比",
    "pure core: events/s, ratio to 1.0.5": "纯 Python 内核：事件数/秒，与 1.0.5 之比",
    "call with 1,000,000 waiting, ratio to none": "已有 100 万事件排队时的调用，与没有时之比",
    "CPU of a call, 8 threads to 1": "一次调用的 CPU，8 线程与 1 线程之比",
    "CPU of an event while sending, 8 threads to 1": (
        "发送同时进行时一个事件的 CPU，8 线程与 1 线程之比"
    ),
    "events/s at 100 ms round trip, workers=32, share of what 32 requests at a time carry": (
        "往返 100 ms、workers=32 时的事件数/秒，占 32 个并行请求所能承载的比例"
    ),
    "the limit: making and encoding a record, CPU µs": "上限：生成并编码一条记录，CPU µs",
    "the limit: sending 500 of them on a bare socket, CPU µs": (
        "上限：用裸 socket 发送 500 条，CPU µs"
    ),
    "the limit: events per CPU s": "上限：每 CPU 秒事件数",
    "protobuf of a record, CPU µs": "一条记录的 protobuf 编码，CPU µs",
    "one durable call, median, ns": "一次持久化调用，中位数，ns",
    "one durable call, 99th percentile, ns": "一次持久化调用，P99，ns",
    "opening 1,000,000 records on disk, s": "打开磁盘上的 100 万条记录，秒",
    "drained from disk, events/s": "从磁盘发送，事件数/秒",
    "the same, to the memory queue's": "同上，与内存队列之比",
    "memory for 1,000,000 on disk, MiB": "磁盘上有 100 万条时的内存，MiB",
    "memory while they drain, MiB": "发送它们时的内存，MiB",
    "format": "格式",
    "events/s": "事件数/秒",
    "bytes an event": "每个事件的字节数",
    "1.0.5, events/s": "1.0.5，事件数/秒",
    "snappy, XOR": "snappy，XOR",
    "calling threads: CPU of a call, ns": "调用线程数：一次调用的 CPU，ns",
    "the same while a worker sends: CPU of an event, sending included, ns": (
        "同上，同时由一个线程发送：一个事件的 CPU（含发送），ns"
    ),
    "events that wait already: a call, ns": "已在排队的事件数：一次调用，ns",
    "attributes: a call, ns": "属性个数：一次调用，ns",
    "characters in an attribute: a call, ns": "一个属性的字符数：一次调用，ns",
    "round trip, ms: delivered events/s": "往返时间，ms：送达事件数/秒",
    "round trip, ms, workers=32: delivered events/s": ("往返时间，ms，workers=32：送达事件数/秒"),
    "Nowhere in this run.": "本次没有。",
    "The other half is the call's arguments, the queue, counts and outcomes.": (
        "另一半是调用的参数、队列、计数和结果。"
    ),
    "Users are not spread evenly over the workers, and the last requests are not full.": (
        "用户并非均匀分布到各个 worker，最后的请求也没有装满。"
    ),
    "Threads hand Python's lock over to each other, which costs CPU, too.": (
        "线程之间交接 Python 的锁也要占用 CPU。"
    ),
    "More than half of a request is spent in the kernel and in the server.": (
        "一次请求有一半以上的时间花在内核和服务器中。"
    ),
    "Half is msgspec and modules of Python.": ("一半用于 msgspec 和 Python 自带的模块。"),
    "Half of it is the system call that writes; 1.0.5 keeps the event in memory only.": (
        "一半是写文件的系统调用，而 1.0.5 只把事件放在内存里。"
    ),
    "Each record is read from its file, checked and copied, which memory spares.": (
        "每条记录都要从文件读取、校验并复制，内存队列不需要。"
    ),
    "The call checks and encodes the event; 1.0.5 encodes it later, in its thread.": (
        "检查和编码在调用时完成，1.0.5 之后才在自己的线程里编码。"
    ),
    # losses
    "scenario": "场景",
    "no fault, the documented last call at the end": "无故障，结束时做文档要求的最后一次调用",
    "no fault, the program just ends, without the last call": (
        "无故障，程序直接结束，没有最后一次调用"
    ),
    "the server answers 503 for 3 s in the middle": "服务器中途有 3 秒返回 503",
    "the server refuses connections for 15 s, and is back 18 s before the end": (
        "服务器有 15 秒拒绝连接，在结束前 18 秒恢复"
    ),
    "for 3 s connections are cut after the request was read, before the answer": (
        "有 3 秒，连接在读完请求之后、响应之前被切断"
    ),
    "for 5 s the server accepts, but takes 3 s to answer": (
        "有 5 秒，服务器接受请求，但 3 秒后才响应"
    ),
    "the server answers 429 with Retry-After: 2 for 3 s": (
        "服务器有 3 秒返回 429 和 Retry-After: 2"
    ),
    "SIGKILL after 737 events, then the program is started again": (
        "737 个事件后 SIGKILL，然后重新启动程序"
    ),
    "SIGTERM after 737 events, whose handler calls `sys.exit`": (
        "737 个事件后 SIGTERM，处理函数调用 `sys.exit`"
    ),
    "half the events, `os.fork`, a quarter in each process, both end": (
        "一半事件之后 `os.fork`，两个进程各发四分之一，都正常结束"
    ),
    "the server is down while the program lives, and back when it is started again": (
        "程序运行期间服务器一直不可用，程序重启时恢复"
    ),
}
"""The Chinese for each text that stands in a table; figures and names need none."""

_SAME: Final = re.compile(r"[^A-Za-z]*|JSON|protobuf|snappy|(?:[A-Z]\w+ )+\d+\.\d+\.\d+")
_PATTERNS: Final = (
    (re.compile(r"this SDK, pure core (\S+)"), r"本 SDK，纯 Python 内核 \1"),
    (re.compile(r"this SDK (\S+)"), r"本 SDK \1"),
    (re.compile(r"Sensors Data (\S+)"), r"神策 \1"),
    (re.compile(r"ThinkingData (\S+)"), r"数数 \1"),
    (
        re.compile(r"Measured on (\S+) with (CPython \S+) on (\w+), (\d+) cores\."),
        r"测于 \1，\2，\3，\4 核。",
    ),
    (re.compile(r"at most (\S+)"), r"至多 \1"),
    (re.compile(r"at least (\S+)"), r"至少 \1"),
    (re.compile(r"0, killed"), "0，被强制结束"),
    (re.compile(r"(\*\*\S+\*\*) of (\S+), reported"), r"\2 个中的 \1，有提示"),
    (re.compile(r"(\*\*\S+\*\*) of (\S+), unreported"), r"\2 个中的 \1，无提示"),
    (re.compile(r"(\*\*\S+\*\*) of (\S+), reported, killed"), r"\2 个中的 \1，有提示，被强制结束"),
    (
        re.compile(r"(\*\*\S+\*\*) of (\S+), unreported, killed"),
        r"\2 个中的 \1，无提示，被强制结束",
    ),
)
_MISS: Final = re.compile(r"- (.+): (\S+), and (.+?) was the aim(?:\. (.+))?")


def in_chinese(measured: str) -> str:
    """Return what was measured with every text in Chinese.

    :raises KeyError: a text has no Chinese; it belongs into :data:`PHRASES`.
    """
    return "\n".join(map(_line, measured.split("\n")))


def _line(line: str) -> str:
    if line.startswith("|"):
        return f"| {' | '.join(map(_text, line[2:-2].split(' | ')))} |"
    if line.startswith("## "):
        return f"## {_text(line[3:])}"
    missed = _MISS.fullmatch(line)
    if missed is not None:
        said = f"- {_text(missed[1])}：{missed[2]}，目标是{_text(missed[3])}"
        return f"{said}。{_text(missed[4])}" if missed[4] else said
    return _text(line)


def _text(text: str) -> str:
    if text in PHRASES:
        return PHRASES[text]
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return found.expand(chinese)
    if _SAME.fullmatch(text) is None:
        raise KeyError(f"{text!r} has no Chinese; add it to benchmarks/chinese.py")
    return text
