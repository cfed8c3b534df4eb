"""Components of one running collector: sockets, store, plan, gateway and server."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from growingio_collector.app import Parts, make_app
from growingio_collector.forwarding.gateway import Gateway
from growingio_collector.listening import Listening
from growingio_collector.plan.in_use import Plans
from growingio_collector.receiving.experiments import Experiments
from growingio_collector.receiving.faults import Faults
from growingio_collector.receiving.receiver import Receiver, Rules
from growingio_collector.server import ServerThread
from growingio_collector.settings import Forwarding, Handling, Info, Limits, Serving
from growingio_collector.store.pruning import Keep
from growingio_collector.store.writing import EventStore

_READERS: Final = 4
"""Large requests that are read at the same time."""


class Service:
    """Parts of one collector, which run from construction until ``close()``.

    The arguments are those of ``Collector``. ``stored_before`` is the id of the newest event from
    before the start.

    :raises GrowingParamException: if the port or a file is unusable.
    :raises MissingExtraError: if ``serving`` asks for TLS, and the package for it is not installed.
    """

    def __init__(
        self,
        port: int,
        db: str | Path | None,
        plan: str | Path | None,
        keep: Keep,
        serving: Serving,
        handling: Handling,
        forwarding: Forwarding | None,
    ) -> None:
        if forwarding:
            forwarding.check_keeps_bodies(handling.redact)
        self.faults, self.experiments = Faults(), Experiments()
        self._keep, self._lang, self._temporary = keep, serving.lang, db is None
        with ExitStack() as stack:
            self.listening = Listening(port, serving, stack)
            if forwarding:
                forwarding.check_leads_away(self.listening.ports)
            self.store = EventStore(_place(db, stack), temporary=self._temporary, keep=keep)
            stack.callback(self.store.close)
            self.stored_before = self.store.last_event
            self.plans = Plans(self.store, Path(plan) if plan is not None else None)
            self.gateway = Gateway(self.store, forwarding)
            stack.callback(self.gateway.close)
            self.parts = self._assembled(handling, stack)
            listening = self.listening
            app, broken = make_app(self.parts), self.parts.receiver.take_broken
            self.server = ServerThread(app, broken, listening.listeners, listening.tls)
            stack.callback(self.stop)
            self._open = stack.pop_all()

    def _assembled(self, handling: Handling, stack: ExitStack) -> Parts:
        writer = ThreadPoolExecutor(1, "growingio-collector-writer")
        stack.callback(writer.shutdown)
        readers = ThreadPoolExecutor(_READERS, "growingio-collector-reader")
        stack.callback(readers.shutdown)
        token = self.listening.access.token
        rules = Rules(handling, self.plans, self.gateway, self.faults, token)
        return Parts(
            store=self.store,
            writer=writer,
            receiver=Receiver(self.store, writer, readers, rules),
            plans=self.plans,
            gateway=self.gateway,
            faults=self.faults,
            access=self.listening.access,
            info=self.info,
            experiments=self.experiments,
        )

    def info(self) -> Info:
        """Return this collector's addresses, file and limits."""
        return Info(
            urls=self.listening.urls,
            db=str(self.store.path),
            temporary=self._temporary,
            limits=Limits(
                max_events=self._keep.max_events or None, max_age_s=self._keep.max_age_s or None
            ),
            plan=self.plans.current() is not None,
            forward=self.gateway.url,
            lang=self._lang,
            network_page=self.listening.network_page_url,
        )

    def stop(self) -> None:
        """Stop serving; what was received can still be read. May be called repeatedly."""
        self.store.end_waits()
        self.server.stop()
        self.store.tell()

    def close(self) -> None:
        """Stop serving and remove a temporary store. Safe to call again."""
        self._open.close()


def _place(db: str | Path | None, stack: ExitStack) -> Path:
    if db is not None:
        return Path(db)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growingio-"))) / "store.db"
