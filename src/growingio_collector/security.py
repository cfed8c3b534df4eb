"""Access control for the page and the API.

Anyone may send events. Received data is visible to clients that address this machine by one of its
own names. A website could point its own name here (DNS rebinding), or submit a form that changes
something. Therefore hosts are checked, calls from other origins cannot change anything, and a token
is required if the collector is open to a network.
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from growingio_collector.api import json_answer
from growingio_collector.settings import Serving
from growingio_wire.endpoints import COLLECTOR_HEADER

TOKEN: Final = "token"  # noqa: S105 - the name of a parameter

_PORT: Final = re.compile(r":\d{1,5}$")
_LOOPBACK: Final = re.compile(
    r"localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\]", re.IGNORECASE
)
_READING: Final = ("GET", "HEAD", "OPTIONS")

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    COLLECTOR_HEADER: "1",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(
        (COLLECTOR_HEADER, "Content-Type", "Authorization", "Last-Event-ID")
    ),
    "Access-Control-Max-Age": "600",
}

_WRONG_HOST: Final = (
    "The collector shows what it has only as 127.0.0.1 or localhost. Use that as the host, or "
    "start it with --allow-host NAME.\n"
    "采集器只以 127.0.0.1 或 localhost 的名义提供页面和 API。请改用该地址，"
    "或以 --allow-host NAME 启动。\n"
)
_SAY_WHO: Final = (
    "This collector can be reached from other machines, so it asks for a token. Open the address "
    "that it printed, or send the header Authorization: Bearer TOKEN.\n"
    "该采集器可从其他机器访问，因此需要令牌。请打开启动时打印的地址，"
    "或发送请求头 Authorization: Bearer TOKEN。\n"
)
_FOREIGN: Final = "A page of another origin cannot change anything here.\n"


class Access:
    """Access rights: who may read and change what was received.

    ``token`` is None if only this machine can reach the collector.
    """

    def __init__(self, serving: Serving) -> None:
        self.token = secrets.token_urlsafe(16) if serving.open_to_others else None
        self._hosts = frozenset(host.lower() for host in serving.allow_hosts)
        self._origins = frozenset(serving.api_cors)

    def knows_host(self, host: str) -> bool:
        """Tell whether a request may name this host.

        If other machines may connect, IP addresses are allowed: DNS rebinding needs a name.
        """
        name = _PORT.sub("", host).lower()
        if _LOOPBACK.fullmatch(name) or name in self._hosts:
            return True
        return self.token is not None and _is_address(name)

    def allows_origin(self, origin: str) -> bool:
        """Tell whether pages of ``origin`` may use the API."""
        return origin in self._origins

    def has_token(self, presented: str) -> bool:
        """Tell whether this is the token, in constant time."""
        return hmac.compare_digest((self.token or "").encode(), presented.encode())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class AccessMiddleware:
    """ASGI middleware around the page and the API."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or respond why not; both with protective headers."""
        headers = self._headers(Headers(scope=scope).get("origin"))

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answered.setdefault(name, value)
            await send(message)

        answer = self._refusal(Request(scope)) or self._app
        try:
            await answer(scope, receive, send_protected)
        except HTTPException as error:
            said = json_answer({"error": error.detail}, error.status_code)
            said.headers.update(error.headers or {})
            await said(scope, receive, send_protected)

    def _headers(self, origin: str | None) -> dict[str, str]:
        if origin is None or not self._access.allows_origin(origin):
            return _HEADERS
        allowed = {
            "Access-Control-Allow-Origin": origin,
            "Vary": "Origin",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return {**_HEADERS, **allowed}

    def _refusal(self, request: Request) -> Response | None:
        """Return the response to a rejected request; None if it is allowed."""
        origin = request.headers.get("origin")
        if not self._access.knows_host(request.headers.get("host", "localhost")):
            return PlainTextResponse(_WRONG_HOST, 403)
        if request.method == "OPTIONS" and origin and self._access.allows_origin(origin):
            return Response(status_code=204, headers=_PREFLIGHT)
        if self._access.token is not None:
            refusal = self._without_token(request)
            if refusal:
                return refusal
        if request.method not in _READING and origin and not self._may_change(request, origin):
            return PlainTextResponse(_FOREIGN, 403)
        return None

    def _may_change(self, request: Request, origin: str) -> bool:
        own = f"{request.url.scheme}://{request.headers.get('host')}"
        return origin == own or self._access.allows_origin(origin)

    def _without_token(self, request: Request) -> Response | None:
        presented = request.query_params.get(TOKEN)
        if presented is not None and self._access.has_token(presented):
            return _with_cookie(request, presented)
        if any(self._access.has_token(token) for token in _tokens(request)):
            return None
        return PlainTextResponse(_SAY_WHO, 401, {"WWW-Authenticate": "Bearer"})


def _cookie(request: HTTPConnection) -> str:
    # Cookies ignore ports, but two collectors on one machine must not share one.
    return f"gio_collector_{(request.scope.get('server') or ('', 0))[1]}"


def _tokens(request: HTTPConnection) -> Iterator[str]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield token.strip()
    yield from filter(None, [request.cookies.get(_cookie(request))])


def _with_cookie(request: Request, token: str) -> Response:
    """Store the token in a cookie, and redirect to the same address without it."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name != TOKEN]
    path = "/" + request.scope["path"].lstrip("/")
    response = RedirectResponse(path + ("?" + urlencode(others) if others else ""), 303)
    response.set_cookie(_cookie(request), token, httponly=True, samesite="strict")
    return response
