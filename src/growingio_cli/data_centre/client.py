"""Client of the data center's GraphQL interface: read definitions, and create missing ones.

It follows GrowingIO's own import package, and has never been run against a real platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from growingio_cli.data_centre.definitions import Definitions
from growingio_cli.data_centre.difference import Change
from growingio_wire.endpoints import base_url
from growingio_wire.errors import GrowingIOException, RejectedError
from growingio_wire.http import Request, Transport
from growingio_wire.http.connections import Route
from growingio_wire.http.transport import HttpTransport
from growingio_wire.said import NOTHING, Said

_TIMEOUT_S: Final = 30.0
_MOST_BYTES: Final = 64 * 1024 * 1024

_QUERY: Final = """query definitions {
  dataCenterCustomEvents { id key name description attributes { id key } }
  dataCenterEventVariables { id key name valueType description }
  dataCenterUserVariables { id key name valueType description }
  dataCenterItemModels {
    id key name description attributes { id key name valueType description isPrimaryKey }
  }
}"""
_CREATE_EVENT: Final = """mutation createDataCenterCustomEvent($customEvent: CustomEventInput!) {
  createDataCenterCustomEvent(customEvent: $customEvent) { id key }
}"""
_UPDATE_EVENT: Final = """mutation updateDataCenterCustomEvent(
  $id: HashId!, $customEvent: CustomEventInput!
) {
  updateDataCenterCustomEvent(id: $id, customEvent: $customEvent) { id key }
}"""
_CREATE_VARIABLE: Final = """mutation createDataCenterEventVariable(
  $eventVariable: VariableInput!
) {
  createDataCenterEventVariable(eventVariable: $eventVariable) { id key }
}"""
_CREATE_USER_VARIABLE: Final = """mutation createDataCenterUserVariable(
  $userVariable: VariableInput!
) {
  createDataCenterUserVariable(userVariable: $userVariable) { id key }
}"""


class _Created(msgspec.Struct):
    id: str


class _GraphqlAnswer(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[dict[str, Any]] | None = None


class DataCentre:
    """One project's data centre.

    :param page: the address of the platform's web page.
    :param project_id: the project, for the header ``X-Project-Id``.
    :param token: the value of ``Authorization``.
    :param transport: sends the requests.
    """

    def __init__(self, page: str, project_id: str, token: str, transport: Transport) -> None:
        self._url = f"{page}/v3/graphql"
        self._transport = transport
        self._headers = {
            "Content-Type": "application/json",
            "Authorization": token,
            "X-Project-Id": project_id,
            "X-Product-Unique-Id": "DC",
        }

    def definitions(self) -> Definitions:
        """Return everything that is defined.

        :raises GrowingIOException: if it could not be read.
        """
        data = self._ask("definitions", _QUERY, {})
        try:
            return msgspec.json.decode(data, type=Definitions)
        except msgspec.DecodeError as error:
            raise GrowingIOException(
                Said(f"unexpected response from the platform: {error}", f"平台的响应异常：{error}")
            ) from error

    def create(self, changes: Iterable[Change]) -> None:
        """Apply the changes that create something, in the order of :func:`differences`.

        :raises GrowingIOException: if one fails; those before it have been applied.
        """
        wanted = [one for one in changes if one.action == "create"]
        found = self.definitions()
        ids = {key: one.id for key, one in found.event_variables.items()}
        for one in wanted:
            if one.subject == "event attribute":
                made = self._create(_CREATE_VARIABLE, "EventVariable", _variable(one))
                ids[one.key] = made
            elif one.subject == "user attribute":
                self._create(_CREATE_USER_VARIABLE, "UserVariable", _variable(one))
        self._create_events(wanted, found, ids)

    def _create_events(
        self, wanted: list[Change], found: Definitions, ids: Mapping[str, str]
    ) -> None:
        bindings: dict[str, list[str]] = {}
        for one in wanted:
            if one.subject == "binding":
                bindings.setdefault(one.owner, []).append(one.key)
        for one in wanted:
            if one.subject == "event":
                bound = [ids[key] for key in bindings.pop(one.key, [])]
                event = {**_named(one.key, one.key, one.description), **_bound_to(bound)}
                self._create(_CREATE_EVENT, "CustomEvent", event)
        for name, keys in bindings.items():
            there = found.events[name]
            bound = [*(one.id for one in there.attributes), *(ids[key] for key in keys)]
            named = _named(name, there.name or name, there.description or "")
            variables = {"id": there.id, "customEvent": {**named, **_bound_to(bound)}}
            self._ask("updateDataCenterCustomEvent", _UPDATE_EVENT, variables)

    def _create(self, mutation: str, subject: str, value: Mapping[str, object]) -> str:
        """Create one thing, and return its id."""
        operation, parameter = f"createDataCenter{subject}", subject[0].lower() + subject[1:]
        data = self._ask(operation, mutation, {parameter: value})
        try:
            return msgspec.json.decode(data, type=dict[str, _Created])[operation].id
        except (msgspec.DecodeError, KeyError) as error:
            raise GrowingIOException(
                Said(f"{operation}: the platform returned no id", f"{operation}：平台没有返回 id")
            ) from error

    def _ask(self, operation: str, query: str, variables: Mapping[str, object]) -> msgspec.Raw:
        """Return the data of one operation. Values are passed as variables, never in its text."""
        asked = {"operationName": operation, "query": query, "variables": variables}
        body = _posted(self._transport, self._url, msgspec.json.encode(asked), self._headers)
        try:
            answer = msgspec.json.decode(body, type=_GraphqlAnswer)
        except msgspec.DecodeError as error:
            raise GrowingIOException(
                Said(
                    f"{operation}: the response is not GraphQL ({error})",
                    f"{operation}：响应不是 GraphQL（{error}）",
                )
            ) from error
        if answer.errors:
            told = "; ".join(str(one.get("message", one)) for one in answer.errors)
            raise GrowingIOException(
                Said(f"{operation}: the platform refused: {told}", f"{operation}：平台拒绝：{told}")
            )
        return answer.data


def _named(key: str, name: str, description: str) -> dict[str, object]:
    return {"key": key, "name": name, "description": description}


def _variable(change: Change) -> dict[str, object]:
    named = _named(change.key, change.key, change.description)
    return {**named, "valueType": change.here or "string"}


def _bound_to(ids: Iterable[str]) -> dict[str, object]:
    attributes = [{"type": "EVENT_VARIABLE", "id": one} for one in ids]
    return {"valueType": "counter", "attributes": attributes}


def open_page(page: str) -> tuple[str, HttpTransport]:
    """Return the address without a slash at its end, and a transport to it.

    :raises GrowingParamException: if it is not an address, or the environment's proxy is unusable.
    """
    address = base_url(page, "--page")
    return address, HttpTransport(Route.by_environment(address), most_bytes=_MOST_BYTES)


def fetch_token(page: str, client_id: str, client_secret: str, transport: Transport) -> str:
    """Return a token for client credentials.

    :raises GrowingIOException: if the platform grants none.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{page}/accounts/oauth/access_token"
    body = _posted(transport, url, urlencode(form).encode(), headers)
    try:
        found = msgspec.json.decode(body, type=dict[str, Any]).get("access_token")
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, str) or not found:
        raise GrowingIOException(
            Said("the platform returned no access_token", "平台没有返回 access_token")
        )
    return found


_CHECK: Final = Said("; check the token, --page and --project", "；请检查令牌、--page 和 --project")


def _posted(transport: Transport, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    response = transport.exchange(Request(url, body, headers, _TIMEOUT_S))
    if not 200 <= response.status < 300:
        shown = response.body[:1000].decode("utf-8", "replace")
        advice = _CHECK if 400 <= response.status < 500 else NOTHING
        said = Said(
            f"the platform answered with status {response.status}{advice.en}",
            f"平台返回状态码 {response.status}{advice.zh}",
        )
        raise RejectedError(said, response.status, shown)
    return response.body
