"""A server that answers as the platform's data centre is thought to. Only our own tests know it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

TOKEN = "token-1"


class DataCentreServer(ThreadingHTTPServer):
    """Keeps definitions. ``operations`` are the names of what was asked, in their order.

    ``refusing`` is an operation that is answered with an error.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: dict[str, dict[str, Any]] = {}
        self.event_variables: dict[str, dict[str, Any]] = {}
        self.user_variables: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.operations: list[str] = []
        self.refusing = ""

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        operation, variables = asked["operationName"], asked["variables"]
        self.operations.append(operation)
        # Nothing of a value may ever stand in the text of a query.
        assert '"' not in asked["query"]
        if operation == self.refusing:
            return {"data": None, "errors": [{"message": "no permission"}]}
        if operation == "definitions":
            return {"data": self._definitions()}
        return {"data": {operation: self._change(operation, variables)}}

    def _definitions(self) -> dict[str, Any]:
        return {
            "dataCenterCustomEvents": list(self.events.values()),
            "dataCenterEventVariables": list(self.event_variables.values()),
            "dataCenterUserVariables": list(self.user_variables.values()),
            "dataCenterItemModels": list(self.items.values()),
        }

    def _change(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        if operation == "createDataCenterEventVariable":
            return self._keep(self.event_variables, variables["eventVariable"])
        if operation == "createDataCenterUserVariable":
            return self._keep(self.user_variables, variables["userVariable"])
        event = variables["customEvent"]
        assert event["valueType"] == "counter"
        by_id = {one["id"]: one for one in self.event_variables.values()}
        bound = [by_id[one["id"]] for one in event["attributes"]]
        event = {**event, "attributes": [{"id": one["id"], "key": one["key"]} for one in bound]}
        if operation == "updateDataCenterCustomEvent":
            assert self.events[event["key"]]["id"] == variables["id"]
            return self._keep(self.events, event, variables["id"])
        return self._keep(self.events, event)

    def _keep(
        self, there: dict[str, dict[str, Any]], value: dict[str, Any], id_: str = ""
    ) -> dict[str, Any]:
        there[value["key"]] = {"id": id_ or f"id-{value['key']}", **value}
        return there[value["key"]]


class _Handler(BaseHTTPRequestHandler):
    server: DataCentreServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/accounts/oauth/access_token":
            given = parse_qs(body.decode())
            good = given["client_secret"] == ["s"] and given["grant_type"] == ["client_credentials"]
            self._send(200 if good else 401, {"access_token": TOKEN} if good else {})
        elif self.headers["authorization"] != TOKEN or self.headers["x-product-unique-id"] != "DC":
            self._send(401, {"error": "unauthorized"})
        else:
            assert (self.path, self.headers["x-project-id"]) == ("/v3/graphql", "p")
            self._send(200, self.server.answer(json.loads(body)))

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Print nothing."""


@contextmanager
def data_centre() -> Iterator[DataCentreServer]:
    """Run a server inside the block."""
    with DataCentreServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
