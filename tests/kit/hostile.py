"""Other people's servers as tests play them, on loopback: good ones, and every kind that means harm."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openmedspa.kit.outbound import Answer, Outbound

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook"


@asynccontextmanager
async def receiver(
    handler: Handler, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    found = Receiver()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        task = asyncio.current_task()
        assert task is not None
        found.tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                found.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                await handler(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(run, host, 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in found.tasks:
            task.cancel()
        await asyncio.gather(*found.tasks, return_exceptions=True)
        await asyncio.sleep(0)


def answering(*parts: bytes, pause: float = 0.0) -> Handler:
    """Sends the parts and closes."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()
        await writer.wait_closed()

    return handler


def repeating(first: bytes, part: bytes, pause: float = 0.0) -> Handler:
    """Sends the first and then the part for ever."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return handler


async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half_closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await asyncio.sleep(60)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"
good = answering(OK)
BOMB = gzip.compress(bytes(50_000_000))
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)


def resolving(*answers: Sequence[str]) -> Callable[[str], Awaitable[Sequence[str]]]:
    """A name server that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    async def resolve(_: str) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def post(url: str, *, allow_loopback: bool = True, timeout_seconds: float = 2.0) -> Answer:
    async with Outbound(allow_loopback=allow_loopback) as door:
        return await door.post(url, b"{}", {}, timeout_seconds=timeout_seconds)


def certificate(folder: Path, name: str, *, days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A self-signed certificate: the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(private + built.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=built.public_bytes(pem).decode())


# What each kind does, the status and the beginning of the cause that a try against it ends with.
HOSTILE: dict[str, tuple[Handler, int | None, str]] = {
    "never answers": (silent, None, "no answer within 0.4 s"),
    "drips its headers": (repeating(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.05), None, "no answer within 0.4 s"),
    "drips one header": (repeating(b"HTTP/1.1 200 OK\r\nA: ", b"b", 0.05), None, "no answer within 0.4 s"),
    "drips its body": (repeating(ENDLESS, b"x", 0.05), 200, "the answer was not finished within 0.4 s"),
    "drips chunks": (repeating(CHUNKED, b"1\r\nx\r\n", 0.05), 200, "the answer was not finished within 0.4 s"),
    "promises more": (answering(OK[:-1], pause=2), 200, "the answer was not finished within 0.4 s"),
    "is endless": (repeating(ENDLESS, bytes(65536)), 200, "answer larger than 64 KiB was cut"),
    "is endless in chunks": (repeating(CHUNKED, b"1\r\nx\r\n" * 9999), 200, "answer larger than 64 KiB was cut"),
    "goes on for ever: 100": (repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), None, "no answer within 0.4 s"),
    "floods: 100": (repeating(b"", b"HTTP/1.1 100 C\r\n\r\n" * 2000), None, "more than 512 KiB came before an answer"),
    "breaks off in its body": (answering(OK[:-1]), 200, "the answer broke off"),
    "breaks off in its headers": (
        answering(b"HTTP/1.1 200 OK\r\nA:"),
        None,
        "the connection was closed before an answer",
    ),
    "closes": (answering(), None, "the connection was closed before an answer"),
    "resets": (reset, None, "the connection was closed before an answer"),
    "speaks garbage": (answering(b"\x16\x03\x01 what?\r\n\r\n"), None, "the answer is not valid HTTP"),
    "speaks endless garbage": (repeating(b"", b"\xff" * 9999), None, "the answer is not valid HTTP"),
    "speaks SSH": (answering(b"SSH-2.0-OpenSSH_9.9\r\n"), None, "the answer is not valid HTTP"),
    "breaks its chunks": (answering(CHUNKED, b"zz\r\nx", pause=0.1), 200, "the answer was not finished"),
    "has a huge header": (repeating(b"HTTP/1.1 200 OK\r\nA: ", b"b" * 9999), None, "the answer is not valid HTTP"),
    "has endless headers": (repeating(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 99), None, "the answer is not valid HTTP"),
    "redirects": (
        answering(b"HTTP/1.1 302 Found\r\nLocation: /hook\r\nContent-Length: 0\r\n\r\n"),
        302,
        "redirects are not followed (302)",
    ),
    "redirects endlessly": (
        repeating(b"HTTP/1.1 307 .\r\nLocation: /\r\n\r\n", bytes(9999)),
        307,
        "redirects are not fol",
    ),
    "sends a compressed bomb": (answering(GZIPPED, BOMB), 200, ""),
    "speaks HTTP/0.9": (answering(b"ok, as in 1991"), None, "the answer is not valid HTTP"),
    "says two lengths": (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok"),
        None,
        "the answer is not valid HTTP",
    ),
    "sends more than it said": (answering(OK + b" and much more" * 99), None, "the answer is not valid HTTP"),
    "has endless trailers": (
        repeating(CHUNKED + b"2\r\nok\r\n0\r\n", b"A: b\r\n", 0.01),
        200,
        "the answer was not finished within 0.4 s",
    ),
    "closes half": (half_closing, None, "the connection was closed before an answer"),
    "upgrades": (answering(b"HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"), 101, ""),
}
