"""A port taken before anything slow begins, and another one to type when it is somebody else's."""

import errno
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from openmedspa.kit.errors import Stopped

MOST_TRIED = 100
SECOND_TRY_SECONDS = 0.2


@contextmanager
def listening_soon(host: str, port: int) -> Iterator[socket.socket]:
    """The port is ours from here on; it answers once a server listens on it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as trouble:
        raise Stopped(f"{host} is no address here: {trouble.strerror}.", "--host 127.0.0.1", exit_code=2) from None
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listener, address)
        except OSError as trouble:
            raise unbindable(trouble, host, port) from None
        yield listener


def _bind(listener: socket.socket, address: object) -> None:
    """Twice, because the processes of a server that was killed may need a moment to be gone."""
    try:
        listener.bind(address)  # type: ignore[arg-type]
    except OSError as trouble:
        if trouble.errno != errno.EADDRINUSE:
            raise
        time.sleep(SECOND_TRY_SECONDS)
        listener.bind(address)  # type: ignore[arg-type]


def unbindable(trouble: OSError, host: str, port: int) -> Stopped:
    """Why not, and what was typed with a port that is free."""
    if trouble.errno == errno.EACCES:
        return Stopped(f"Port {port} is for root only.", _typed_again(_free_port(host, 8000)), exit_code=4)
    if trouble.errno == errno.EADDRINUSE:
        return Stopped(f"Port {port} is taken.", _typed_again(_free_port(host, port + 1)), exit_code=4)
    return Stopped(f"{host} is not an address of this computer.", "--host 127.0.0.1", exit_code=4)


def _free_port(host: str, first: int) -> int:
    """0, which means any, when a hundred are taken."""
    for port in range(first, min(first + MOST_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return 0


def _typed_again(port: int) -> str:
    words = iter(sys.argv[1:])
    kept: list[str] = []
    for word in words:
        if word == "--port":
            next(words, None)
        elif not word.startswith("--port="):
            kept.append(shlex.quote(word))
    return " ".join(["openmedspa", *kept, "--port", str(port)])
