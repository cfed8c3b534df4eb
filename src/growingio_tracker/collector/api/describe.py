"""How a route of the API is described: the words of OpenAPI that ours need."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
JSON: Final = "application/json"

GUARD: Final[Schema] = {
    "name": "X-Gio-Collector",
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


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """Return an optional parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


def path_id(description: str) -> Schema:
    """Return the parameter ``{id}`` of a path."""
    schema = {"type": "integer", "minimum": 0}
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": schema,
        "description": description,
    }


class Answer(NamedTuple):
    """One answer: when it comes, its schema (None: not described further), its media types."""

    description: str
    schema: Schema | None = None
    media: tuple[str, ...] = (JSON,)


class Operation(NamedTuple):
    """One method of one path below ``/api/v1``.

    ``body`` gives the schema of each media type that the call takes; None when it takes none.
    An empty body is never refused.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    parameters: tuple[Schema, ...] = ()
    body: Mapping[str, Schema] | None = None


_ERRORS: Final = {
    400: Answer("A parameter or the body cannot be used; the text says which.", ref("Error")),
    401: Answer("A token is due, see --bind.", TEXT, ("text/plain",)),
    403: Answer(
        "The host is unknown, the page is foreign, or the header X-Gio-Collector is missing.",
        None,
        (JSON, "text/plain"),
    ),
}


def described(operation: Operation) -> dict[str, Any]:
    """Return the OpenAPI object of one operation."""
    answers = {**operation.answers, **_ERRORS}
    found: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": list(operation.parameters),
        "responses": {str(status): _response(answer) for status, answer in answers.items()},
    }
    if operation.body is not None:
        content = {media: {"schema": schema} for media, schema in operation.body.items()}
        found["requestBody"] = {"content": content}
    return found


def _response(answer: Answer) -> dict[str, Any]:
    schema = answer.schema
    content = {media: {} if schema is None else {"schema": schema} for media in answer.media}
    return {"description": answer.description, "content": content}
