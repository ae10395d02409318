"""`serve`: what it refuses before it begins, how it ends, that it comes back. Real processes, as a user has them."""

import re
import signal
import socket
import stat
from pathlib import Path

import asyncpg
import httpx2
import pytest
from cli.terminal import Ran, Running, read_until, run, running, wait_for
from served import free_port

from openmedspa import installation
from openmedspa.kit import embedded_postgres
from openmedspa.settings import Settings


def base_of(server: Running) -> str:
    return read_until(server.stderr, "Exam API").split()[-1].removesuffix("/emr")


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has been served and stopped."""
    folder = tmp_path_factory.mktemp("demo")
    with running("serve", "--demo", "--port", "0", "--data-dir", str(folder)) as server:
        base_of(server)
    assert server.returncode == 0
    return folder


def test_a_taken_port_is_refused_before_the_database_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = run("serve", "--demo", f"--port={port}", "--data-dir", str(tmp_path / "data"))
    assert ran.code == 4
    assert f"Error: Port {port} is taken." in ran.err
    again = re.search(r"→ .+ serve --demo --data-dir \S+ --port (\d+)$", ran.err.strip())
    assert again and int(again[1]) != port
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_stops_beside_an_open_connection_and_takes_its_database_along(
    demo_folder: Path, how: signal.Signals, code: int
) -> None:
    with running("serve", "--demo", "--port", "0", "--data-dir", str(demo_folder)) as server:
        base = base_of(server)
        assert embedded_postgres.running(demo_folder)
        with httpx2.Client() as idle:  # an open connection must not hold it
            assert idle.get(f"{base}/healthz").status_code == 200
            server.send_signal(how)
            assert server.wait(timeout=10) == code
        assert server.stderr is not None and "Stopped." in server.stderr.read()
    assert embedded_postgres.running(demo_folder) is None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_is_back_at_its_port_after_a_kill(demo_folder: Path, workers: str) -> None:
    words = ("serve", "--demo", "--port", str(free_port()), "--workers", workers, "--data-dir", str(demo_folder))
    with running(*words) as first:
        base = base_of(first)
        wait_for(f"{base}/readyz")
        first.kill()
        first.wait()
    with running(*words) as second:
        assert base_of(second) == base
        wait_for(f"{base}/readyz")


def test_the_demo_is_not_served_without_saying_so(demo_folder: Path) -> None:
    for environment in ("production", "staging"):
        ran = run("serve", "--data-dir", str(demo_folder), OPENMEDSPA_ENVIRONMENT=environment)
        assert ran.code == 4
        assert "holds the demo, whose keys everybody knows." in ran.err and "serve --demo" in ran.err


def test_the_demo_does_not_load_over_production(tmp_path: Path) -> None:
    assert run("practices", "create", "Bloom", "--data-dir", str(tmp_path)).code == 0
    ran = run("serve", "--demo", "--port", "0", "--data-dir", str(tmp_path))
    assert ran.code == 4 and "holds production, and the demo never mixes with it" in ran.err
    assert "serve --demo --data-dir .data-new" in ran.err


def test_the_secret_key_is_made_once_for_its_owner(demo_folder: Path) -> None:
    file = demo_folder / "secret.key"
    before = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(before.strip()) >= 32
    assert run("webhooks", "secrets", "Demo EMR", "--data-dir", str(demo_folder)).code == 0
    assert file.read_text() == before
    assert not list(demo_folder.glob("secret.[0-9]*"))


def test_production_on_a_database_of_its_own_wants_a_secret_key(tmp_path: Path, dsn: str) -> None:
    outside = {"DATABASE_URL": dsn, "OPENMEDSPA_ENVIRONMENT": "staging"}
    ran = run("serve", "--port", "0", cwd=tmp_path, **outside)
    assert ran.code == 4
    assert "There is no OPENMEDSPA_SECRET_KEY" in ran.err and "openssl rand -base64 32" in ran.err
    ran = run("serve", "--port", "0", cwd=tmp_path, OPENMEDSPA_SECRET_KEY="short", **outside)
    assert ran.code == 4 and "shorter than 16" in ran.err
    assert list(tmp_path.iterdir()) == []


async def test_pending_migrations_outside_are_a_command_to_type(cluster: str, tmp_path: Path) -> None:
    maintenance = await asyncpg.connect(cluster.replace("/openmedspa?", "/postgres?"))
    await maintenance.execute("create database unmigrated")
    try:
        url = cluster.replace("/openmedspa?", "/unmigrated?")

        def outside(*words: str) -> Ran:
            return run(*words, cwd=tmp_path, DATABASE_URL=url, OPENMEDSPA_SECRET_KEY="a secret key of some length")

        for words in (("serve", "--port", "0"), ("practices", "list")):
            ran = outside(*words)
            assert ran.code == 4 and "migrations are pending" in ran.err and "db upgrade" in ran.err
        assert outside("db", "status").code == 6
        applied = outside("db", "upgrade", "--environment", "staging")
        assert applied.code == 0 and applied.lines[0].startswith("0001_")
        assert outside("db", "upgrade").out == ""
        assert outside("db", "status").code == 0
        mark = await installation.find_mark(Settings(database_url=url))
        assert mark == installation.Mark("staging", is_demo=False)
    finally:
        await maintenance.execute("drop database unmigrated with (force)")
        await maintenance.close()


def test_commands_and_a_worker_of_its_own_work_beside_a_server(demo_folder: Path) -> None:
    words = ("--data-dir", str(demo_folder))
    with running("serve", "--demo", "--port", "0", "--no-worker", *words) as server:
        base = base_of(server)
        assert f"{base}/emr" in run("demo", "--json", *words).out
        assert "http://127.0.0.1:8005/emr" in run("demo", "--json", "--port", "8005", *words).out
        with running("worker", *words) as worker:
            assert "The worker of staging is at work." in read_until(worker.stderr, "at work")
        assert worker.returncode == 0
    assert server.returncode == 0
