"""REST API under ``/api/v1``: calls, with their parameters, responses, routes and descriptions.

There is one module per group of calls. Pages of other origins can neither read the answers nor
change anything; see ``security``.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_collector.api.queries import (
    NoQuery,
    Schema,
    parameters,
    read_query,
)
from growingio_wire.endpoints import COLLECTOR_HEADER
from growingio_wire.errors import GrowingError, GrowingParamException, invalid
from growingio_wire.said import Said

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
OBJECT: Final[Schema] = {"type": "object"}
JSON: Final = "application/json"

GUARD: Final[Schema] = {
    "name": COLLECTOR_HEADER,
    "in": "header",
    "required": True,
    "description": "Required by every call that changes something: no foreign page can send it.",
    "schema": {"const": "1"},
}


def ref(name: str) -> Schema:
    """Return a reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def record(**properties: Schema) -> Schema:
    """Return the schema of an object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def nullable(schema: Schema) -> Schema:
    """Return the schema of what may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def path_parameter(name: str, schema: Schema, description: str) -> Schema:
    """Return a parameter that is in braces in the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "description": description,
    }


def path_id(description: str) -> Schema:
    """Return the parameter ``{id}`` of a path."""
    return path_parameter("id", COUNT, description)


class Answer(NamedTuple):
    """One response: when it is sent, its schema (None if undescribed), its media types."""

    description: str
    schema: Schema | None = None
    media: tuple[str, ...] = (JSON,)

    def described(self) -> dict[str, Any]:
        """Return its OpenAPI object."""
        content = {} if self.schema is None else {"schema": self.schema}
        return {
            "description": self.description,
            "content": dict.fromkeys(self.media, content),
        }


ERRORS: Final = {
    400: Answer("A parameter or the body cannot be used; the text says which.", ref("Error")),
    401: Answer("A token is required, see --bind.", TEXT, ("text/plain",)),
    403: Answer(
        "The host is unknown, the page is foreign, or the header X-Gio-Collector is missing.",
        None,
        (JSON, "text/plain"),
    ),
}
"""Responses that every call may return."""

_MOST_BYTES: Final = 1_000_000

_Query = TypeVar("_Query", bound=msgspec.Struct)
_Body = TypeVar("_Body", bound=msgspec.Struct)


class ApiCall(msgspec.Struct, Generic[_Query], frozen=True, kw_only=True):
    """One method of one path below ``/api/v1``.

    :param answers: responses by status, in addition to ``ERRORS``.
    :param handler: returns the response to a request with these parameters.
    :param query: the query parameters.
    :param without: fields of ``query`` that this call does not accept.
    :param in_path: the parameters in braces in ``path``.
    :param body: the schema of each accepted media type; None if the call has no body. An empty
        body is always accepted.
    :param guarded: whether it changes something and therefore requires ``COLLECTOR_HEADER``.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    handler: Callable[[Request, _Query], Awaitable[Response]]
    query: type[_Query]
    without: tuple[str, ...] = ()
    in_path: tuple[Schema, ...] = ()
    body: Mapping[str, Schema] | None = None
    guarded: bool = False

    async def answer(self, request: Request) -> Response:
        """Return the answer of a request.

        :raises GrowingParamException: if a parameter, or the body, cannot be used.
        """
        if self.guarded and request.headers.get(COLLECTOR_HEADER) != "1":
            return refusal(_GUARDED, 403)
        query = read_query(request.query_params, self.query, self.without)
        return await self.handler(request, query)

    def described(self) -> dict[str, Any]:
        """Return its OpenAPI object."""
        own = [*self.in_path, *parameters(self.query, self.without)]
        answers = {**self.answers, **ERRORS}
        found: dict[str, Any] = {
            "summary": self.summary,
            "parameters": [*own, GUARD] if self.guarded else own,
            "responses": {str(status): one.described() for status, one in answers.items()},
        }
        if self.body is not None:
            content = {media: {"schema": schema} for media, schema in self.body.items()}
            found["requestBody"] = {"content": content}
        return found


_GUARDED: Final = Said(
    f"This changes something. Send the header {COLLECTOR_HEADER}: 1 with it.",
    f"这会改动数据。请带上请求头 {COLLECTOR_HEADER}: 1。",
)

AnyCall = ApiCall[Any]
Handler = Callable[[Request, NoQuery], Awaitable[Response]]


def routes_of(calls: Iterable[AnyCall]) -> list[BaseRoute]:
    """Return the routes of ``calls``, one per path: its ``Allow`` must name all methods."""
    by_path: defaultdict[str, dict[str, AnyCall]] = defaultdict(dict)
    for call in calls:
        by_path[call.path][call.method.upper()] = call
    return [_route(path, by_method) for path, by_method in by_path.items()]


def _route(path: str, by_method: Mapping[str, AnyCall]) -> Route:
    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await by_method[method].answer(request)

    return Route(path.replace("{id}", "{id:int}"), answer, methods=list(by_method))


def json_answer(content: object, status: int = 200) -> Response:
    """Return ``content`` as a JSON answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def refusal(error: Said, status: int) -> Response:
    """Return a response that says why there is no other."""
    return json_answer(show_error(error), status)


def show_error(error: Said) -> dict[str, Any]:
    """Return the sentence of an error as the API shows it."""
    return {"error": error.en, "error_zh": error.zh}


def missing(en: str, zh: str) -> Response:
    """Return a 404 response with this error."""
    return refusal(Said(en, zh), 404)


async def body_up_to(request: Request, most: int) -> bytes:
    """Return the body; if it exceeds ``most`` bytes, reading stops right after that."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            break
    return bytes(content)


async def body_as(request: Request, kind: type[_Body]) -> _Body:
    """Return the body as a ``kind``; an empty one stands for ``{}``.

    :raises GrowingParamException: if it is anything else, or over a megabyte.
    """
    content = await body_up_to(request, _MOST_BYTES)
    if len(content) > _MOST_BYTES:
        raise invalid(
            f"The body is over {_MOST_BYTES:,} bytes.", f"请求体超过 {_MOST_BYTES:,} 字节。"
        )
    try:
        return msgspec.json.decode(content or b"{}", type=kind)
    except msgspec.DecodeError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        raise invalid(
            f"The body cannot be used: {error} Known are {known}.",
            f"请求体无法使用：{_in_chinese(error)} 可用的字段：{known}。",
        ) from error


def _in_chinese(error: msgspec.DecodeError) -> str:
    """Return our own sentence if a value was refused by our check; else what msgspec says."""
    ours = error.__cause__
    return ours.said.zh if isinstance(ours, GrowingError) else str(error)


async def _refuse(_request: Request, error: GrowingParamException) -> Response:
    return refusal(error.said, 400)


ERROR_HANDLERS: Final[dict[Any, Any]] = {GrowingParamException: _refuse}
