"""Vocabulary of OpenAPI that describes the API's calls."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from growingio_wire.endpoints import COLLECTOR_HEADER

Schema = Mapping[str, Any]

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
    """One answer: when it comes, its schema (None: not described further), its media types."""

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
    401: Answer("A token is due, see --bind.", TEXT, ("text/plain",)),
    403: Answer(
        "The host is unknown, the page is foreign, or the header X-Gio-Collector is missing.",
        None,
        (JSON, "text/plain"),
    ),
}
"""Responses that every call may return."""
