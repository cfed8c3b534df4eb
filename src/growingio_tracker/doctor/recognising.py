"""Whether the server is the local collector."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec
from urllib3.exceptions import HTTPError

from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.target import Target
from growingio_tracker.transport.http import _manager

_REFUSED: Final = (401, 403)


class _Info(msgspec.Struct):
    version: str
    urls: list[str]


def recognise_collector(target: Target) -> Finding | None:
    """Say so if the server is the local collector; return None if it is not."""
    parts = urlsplit(target.base)
    manager = _manager(target.base, 1, target.verify_cert)
    try:
        answer = manager.request(
            "GET",
            f"{parts.scheme}://{parts.netloc}/api/v1/info",
            timeout=target.timeout_s,
            retries=False,
            redirect=False,
        )
    except HTTPError:
        return None
    finally:
        manager.clear()
    if answer.status in _REFUSED and b"collector" in answer.data:
        said = ("this is the local collector", "这是本地采集器")
        return finding("collector", "ok", said, NO_FIX)
    return _of_info(answer.data)


def _of_info(body: bytes) -> Finding | None:
    try:
        info = msgspec.json.decode(body, type=_Info)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    said = (
        f"this is the local collector {info.version}; {info.urls[0]}/ shows what arrives",
        f"这是本地采集器 {info.version}；收到的内容见 {info.urls[0]}/",
    )
    return finding("collector", "ok", said, NO_FIX)
