"""The collector as an object: for tests, demos and the command."""

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from growingio_tracker.collector.app import Parts, make_app
from growingio_tracker.collector.experiment_calls import ExperimentCalls
from growingio_tracker.collector.fault_calls import FaultCalls
from growingio_tracker.collector.forward.gateway import Gateway
from growingio_tracker.collector.forward.settings import Forwarding
from growingio_tracker.collector.info import Info, Limits
from growingio_tracker.collector.listening import Listening
from growingio_tracker.collector.plan.plans import Plans
from growingio_tracker.collector.pruning import Keep
from growingio_tracker.collector.query import find_events
from growingio_tracker.collector.receive import Receiver, Rules
from growingio_tracker.collector.received_calls import ReceivedCalls
from growingio_tracker.collector.rows import Event
from growingio_tracker.collector.server import ServerThread
from growingio_tracker.collector.settings import Handling, Serving
from growingio_tracker.collector.store import Store

if TYPE_CHECKING:
    pass

DEFAULT_PORT: Final = 8917

_FOLLOWED_AT_ONCE: Final = 500
_FOLLOW_TICK_S: Final = 0.5
"""How soon following sees that the server has died, and Windows a Ctrl-C."""


class Collector(ReceivedCalls, ExperimentCalls, FaultCalls):
    """A local server for GrowingIO clients that keeps and shows what they send.

    It serves from a thread of its own, from construction until ``close()`` or the end of the
    ``with`` block. Every request is stored before it is answered, so whatever a client got an
    answer for is there.

    :param port: 0, the default, takes any free port.
    :param db: the SQLite file to keep everything in; it is made when it does not exist. None,
        the default, keeps it in a temporary file that is removed by ``close()``.
    :param plan: the file of a tracking plan, YAML or CSV, that everything is compared with. It
        is read again when it changes. None, the default, takes the one that ``db`` holds, if any.
    :param keep: how much is kept: by default 10,000 events, none older than seven days.
    :param serving: where it listens besides, and who may look; by default only this machine.
    :param handling: what is done with what arrives; by default it is stored as it is.
    :param forwarding: where requests go on to after they were stored; None, the default, nowhere.
    :raises GrowingParamException: the port or a file cannot be used.
    :raises MissingExtraError: ``serving`` asks for TLS, and the package for it is not installed.
    """

    def __init__(
        self,
        port: int = 0,
        db: str | Path | None = None,
        *,
        plan: str | Path | None = None,
        keep: Keep = Keep(),  # noqa: B008 - immutable, as are the next two
        serving: Serving = Serving(),  # noqa: B008
        handling: Handling = Handling(),  # noqa: B008
        forwarding: Forwarding | None = None,
    ) -> None:
        super().__init__()
        if forwarding:
            forwarding.check_keeps_bodies(handling.redact)
        self._keep, self._lang = keep, serving.lang
        self._temporary = db is None
        with ExitStack() as stack:
            self._listening = Listening(port, serving, stack)
            if forwarding:
                forwarding.check_leads_away(self._listening.ports)
            self._store = Store(_place(db, stack), temporary=self._temporary, keep=keep)
            stack.callback(self._store.close)
            self._stored_before = self._store.last_event
            self._plans = Plans(self._store, Path(plan) if plan is not None else None)
            self._gateway = Gateway(self._store, forwarding)
            stack.callback(self._gateway.close)
            self._server = self._start(handling, stack)
            stack.callback(self.stop)
            self._open = stack.pop_all()
        self._closing = threading.Lock()
        self._closed = False

    def _start(self, handling: Handling, stack: ExitStack) -> ServerThread:
        writer = ThreadPoolExecutor(1, "growingio-collector-writer")
        stack.callback(writer.shutdown)
        rules = Rules(handling, self._plans, self._gateway, self._faults)
        receiver = Receiver(self._store, writer, rules)
        listening = self._listening
        self._parts = Parts(
            self._store,
            writer,
            receiver,
            self._plans,
            self._gateway,
            self._faults,
            listening.access,
            self.info,
            self._experiments,
        )
        app = make_app(self._parts)
        return ServerThread(app, listening.listeners, listening.tls)

    @property
    def port(self) -> int:
        """The first port it listens on."""
        return self._listening.port

    @property
    def url(self) -> str:
        """What a client on this machine takes as its host: ``http://127.0.0.1:PORT``."""
        return self._listening.url

    @property
    def page_url(self) -> str:
        """What a browser opens; it holds the token when other machines may look."""
        return self._listening.page_url

    @property
    def token(self) -> str | None:
        """What the page and the API ask for; None when they ask for nothing."""
        return self._listening.access.token

    def info(self) -> Info:
        """Return what this collector is: its addresses, its file, its limits."""
        return Info(
            urls=self._listening.urls,
            db=str(self._store.path),
            temporary=self._temporary,
            limits=Limits(
                max_events=self._keep.max_events or None, max_age_s=self._keep.max_age_s or None
            ),
            plan=self._plans.current() is not None,
            forward=self._gateway.url,
            lang=self._lang,
        )

    def follow(self) -> Iterator[Event]:
        """Yield every event since the collector started, and then each as it arrives.

        Ends when the collector has stopped serving and nothing is left. Events that ``db`` held
        before are left out.

        :raises GrowingError: the collector is closed.
        """
        store, last = self._checked_store, self._stored_before
        changed = threading.Event()
        with store.listening(changed.set):
            while True:
                changed.clear()
                ended = not self._server.alive
                found = find_events(store.path, after=last, limit=_FOLLOWED_AT_ONCE)
                yield from found
                if found:
                    last = found[-1].id
                elif ended:
                    return
                else:
                    changed.wait(_FOLLOW_TICK_S)

    def stop(self) -> None:
        """Stop serving; what was received can still be read. Safe to call again."""
        self._store.end_waits()
        self._server.stop()
        self._store.tell()

    def close(self) -> None:
        """Stop serving and remove a temporary store. Safe to call again, and from any thread."""
        with self._closing:
            self._closed = True
            self._open.close()

    def __enter__(self) -> "Collector":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _place(db: str | Path | None, stack: ExitStack) -> Path:
    if db is not None:
        return Path(db)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growingio-"))) / "store.db"
