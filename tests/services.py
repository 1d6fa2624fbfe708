"""Real servers from Debian packages, private to a test run: unused ports of the loopback address, temporary folders."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from tests.processes import until, unused_port

RABBITMQ_BIN = Path("/usr/lib/rabbitmq/bin")
ERLANG_WITHIN_S = 90


def postgres_bin() -> Path | None:
    """Where the newest PostgreSQL's programs are; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def skip_without(program: str) -> None:
    pytest.skip(f"{program} is not installed: `make services` installs it")


class Postgres:
    """A PostgreSQL server. It refuses to run as root, so root runs it as `postgres`."""

    def __init__(self) -> None:
        programs = postgres_bin()
        if programs is None:
            skip_without("PostgreSQL")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="grimace-postgres-"))
        self._port = unused_port()
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")

    def start(self) -> None:
        data = str(self._folder / "data")
        self._run("initdb", "--pgdata", data, "--auth=trust", "--username=grimace", "--encoding=UTF8", "--no-sync")
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "--pgdata", data, "--wait", "--log", str(self._folder / "log"), "--options", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode=immediate", "stop")
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        name = f"hub_{uuid.uuid4().hex}"
        with psycopg.connect(f"postgresql://grimace@127.0.0.1:{self._port}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://grimace@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        log = self._folder / f"{program}.out"  # pg_ctl's server would keep a pipe open
        with log.open("wb") as output:
            done = subprocess.run(
                [*as_postgres, str(self._programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                check=False,
            )
        assert done.returncode == 0, log.read_text()


class RabbitMq:
    """A RabbitMQ node with its own Erlang port mapper, all of it on the loopback address."""

    def __init__(self) -> None:
        if not (RABBITMQ_BIN / "rabbitmq-server").is_file():
            skip_without("RabbitMQ")
        self._folder = Path(tempfile.mkdtemp(prefix="grimace-rabbitmq-"))
        self._port = unused_port()
        self._environment = self._settings()
        self._server: subprocess.Popen[bytes] | None = None
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def start(self) -> None:
        with (self._folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(RABBITMQ_BIN / "rabbitmq-server")], env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, within_s=ERLANG_WITHIN_S, every_s=0.5)

    def stop(self) -> None:
        """End the node; it can be started again, and then remembers what is durable."""
        assert self._server is not None
        self._server.terminate()
        self._server.wait(30)

    def remove(self) -> None:
        assert self._server is not None
        os.killpg(self._server.pid, signal.SIGKILL)  # nothing in it is wanted any more, and a quiet end takes its time
        self._server.wait(30)
        until(self._port_mapper_ended)
        shutil.rmtree(self._folder)

    def _port_mapper_ended(self) -> bool:
        """It refuses to end until it has noticed that its node is gone."""
        asked = subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, text=True, check=False)
        return asked.stdout.strip() == "Killed"

    def _answers(self) -> bool:
        assert self._server is not None
        assert self._server.poll() is None, (self._folder / "server.log").read_text()
        from kombu import Connection

        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def _settings(self) -> Mapping[str, str]:
        folder = self._folder
        (folder / "enabled_plugins").write_text("[].")
        (folder / "rabbitmq.conf").write_text("")
        return {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"grimace-{uuid.uuid4().hex[:8]}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(unused_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "ERL_EPMD_PORT": str(unused_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
