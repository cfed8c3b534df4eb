"""Database servers of our own: on this machine alone, in folders that are removed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from delivering.servers import free_port
from delivering.waiting import DEADLINE_S

PASSWORD = "s3cr3t/@:pass"


@contextmanager
def postgresql() -> Generator[str, None, None]:
    """Yield the address of a server whose database is empty."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="growingio-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data, secret = folder / "data", folder / "password"
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o644)
        _run(
            programs / "initdb", "-D", data, "-U", "tester", "--pwfile", secret, "-E", "UTF8",
            "--auth=scram-sha-256", "--no-sync", "--locale=C",
        )  # fmt: skip
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        log = folder / "log"
        _run(
            programs / "pg_ctl",
            "-D",
            data,
            "-l",
            log,
            "-w",
            "-o",
            f"{options} -c fsync=off",
            "start",
        )
        try:
            yield f"postgresql://tester:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@contextmanager
def mariadb() -> Generator[str, None, None]:
    """Yield the address of a server that speaks MySQL's protocol; it has a database ``test``."""
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        raise _missing("mariadb", "mariadb-server-core")
    base, port = Path(server).resolve().parents[1], free_port()
    with tempfile.TemporaryDirectory(prefix="growingio-mariadb-") as folder:
        options = ["--no-defaults", f"--basedir={base}", f"--datadir={folder}/data"]
        options += [f"--user={getpass.getuser()}", f"--lc-messages-dir={base}/share/mysql"]
        install = base / "bin" / "mariadb-install-db"
        _run(install, *options, "--auth-root-authentication-method=normal", user=None)
        words = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
        with (
            Path(folder, "log").open("wb") as log,
            subprocess.Popen([server, *options, *words], stdout=log, stderr=log) as process,
        ):
            try:
                _wait_for(port, process)
                yield f"mysql://root@127.0.0.1:{port}/test"
            finally:
                process.terminate()
                process.wait(DEADLINE_S)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(1):  # its greeting
                return
        time.sleep(0.05)
    pytest.fail("MariaDB does not answer")


def _missing(database: str, package: str) -> BaseException:
    """Return what ends a test; .ci/run names the databases that have to be there."""
    if database in os.environ.get("TEST_DATABASES", ""):
        return AssertionError(f"{package} is not installed; see .ci/run")
    return pytest.skip.Exception(f"install {package}")


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs."""
    found = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if (initdb := shutil.which("initdb")) is not None:
        found.append(Path(initdb).resolve().parent)
    if not found:
        raise _missing("postgresql", "postgresql")
    return found[-1]


def _run(*words: str | Path, user: str | None = "postgres") -> None:
    # PostgreSQL refuses to run as root.
    is_other = user is not None and os.geteuid() == 0
    other: dict[str, Any] = {"user": user, "group": user} if is_other else {}
    done = subprocess.run(
        [str(word) for word in words],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C"},
        text=True,
        timeout=120,
        check=False,
        **other,
    )
    assert done.returncode == 0, done.stdout
