"""The door to other people's servers: what may be called, and what a hostile receiver cannot do. Traffic on lo only."""

import asyncio
import gzip
import ipaddress
import random
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kit.spellings import LOOPBACK_HOSTS

from openmedspa.kit import addresses, outbound
from openmedspa.kit.outbound import ANSWER_LIMIT, Answer, Outbound

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


PUBLIC_STAND_IN = ipaddress.ip_address("127.0.0.2")  # plays a public address, so that no packet leaves this machine


# --- the world outside -----------------------------------------------------------------------------------------------


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


@pytest.fixture
def one_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: address == PUBLIC_STAND_IN)


@pytest.fixture
def all_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: every guard on addresses removed."""
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    monkeypatch.setattr(addresses, "check_url", lambda *_, **__: None)


# --- what is connected to --------------------------------------------------------------------------------------------


async def test_no_spelling_of_this_machine_reaches_it() -> None:
    async with receiver(good) as canary, Outbound(allow_loopback=False) as door:
        for host in LOOPBACK_HOSTS:
            answer = await door.post(canary.url(host), b"{}", {}, timeout_seconds=1)
            assert answer.status is None
            assert answer.cause
        assert canary.connections == 0


@pytest.mark.usefixtures("all_public")
async def test_control_without_the_rule_the_canary_is_reached() -> None:
    async with receiver(good) as canary:
        assert (await post(canary.url(), allow_loopback=False)).status == 200
        assert canary.connections == 1


async def test_a_literal_address_that_asks_no_resolver_meets_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "check_url", lambda *_, **__: None)
    async with receiver(good) as canary:
        answer = await post(canary.url(), allow_loopback=False)
        assert (answer.status, answer.cause) == (None, "address not public: 127.0.0.1")
        assert canary.connections == 0


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "::1"], ["10.0.0.1"]],
)
@pytest.mark.usefixtures("one_public_address")
async def test_one_private_address_among_a_names_addresses_refuses_all(answers: list[str]) -> None:
    async with receiver(good, host="127.0.0.2") as public:
        async with Outbound(allow_loopback=False, resolve=resolving(answers)) as door:
            answer = await door.post(public.url("mixed.test"), b"{}", {})
        assert answer.status is None
        assert answer.cause.startswith("address not public: ")
        assert public.connections == 0


@pytest.mark.usefixtures("one_public_address")
async def test_a_name_that_turns_private_is_refused_at_the_next_try() -> None:
    async with receiver(good, host="127.0.0.2") as public:
        rebinding = resolving(["127.0.0.2"], ["127.0.0.1"])
        async with Outbound(allow_loopback=False, resolve=rebinding) as door:
            first = await door.post(public.url("rebind.test"), b"{}", {})
            second = await door.post(public.url("rebind.test"), b"{}", {})
        assert (first.status, second.status) == (200, None)
        assert second.cause == "address not public: 127.0.0.1"


@pytest.mark.usefixtures("one_public_address")
async def test_a_try_asks_once_and_connects_to_what_was_checked() -> None:
    asked: list[str] = []

    async def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    async with receiver(good, host="127.0.0.2") as public:
        async with Outbound(allow_loopback=False, resolve=rebinding) as door:
            answer = await door.post(public.url("rebind.test"), b"{}", {})
        assert answer.status == 200
        assert asked == ["rebind.test"]
        assert f"Host: rebind.test:{public.port}\r\n" in public.heads[0]


@pytest.mark.usefixtures("all_public")
async def test_control_without_the_rule_a_rebound_name_reaches_the_canary() -> None:
    async with receiver(good) as canary:
        async with Outbound(allow_loopback=False, resolve=resolving(["127.0.0.1"])) as door:
            assert (await door.post(canary.url("rebind.test"), b"{}", {})).status == 200
        assert canary.connections == 1


async def test_loopback_over_ipv6_and_by_the_systems_own_names() -> None:
    async with receiver(good, host="::1") as six:
        assert (await post(six.url("[::1]"))).status == 200
    async with receiver(good) as four:
        assert (await post(four.url("localhost"))).status == 200


async def test_a_name_without_addresses_is_not_found() -> None:
    async def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for resolve in (unknown, resolving([])):
        async with Outbound(allow_loopback=False, resolve=resolve) as door:
            assert (await door.post("http://nowhere.test/", b"{}", {})).cause == "name not found"


async def test_a_hanging_name_server_holds_one_question_and_no_other_name() -> None:
    asked: list[str] = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        await asyncio.sleep(30 if host == "hangs.test" else 0)
        return ["127.0.0.1"]

    async with receiver(good) as ready, Outbound(allow_loopback=True, resolve=resolve) as door:
        hanging = [door.post(ready.url("hangs.test"), b"{}", {}, timeout_seconds=0.3) for _ in range(50)]
        tried = asyncio.gather(*hanging, return_exceptions=True)
        assert (await door.post(ready.url("fine.test"), b"{}", {}, timeout_seconds=0.2)).status == 200
        assert {answer.cause for answer in await tried if isinstance(answer, Answer)} == {"no answer within 0.3 s"}
    assert asked.count("hangs.test") == 1


# --- one exchange ----------------------------------------------------------------------------------------------------


async def test_the_request_is_ours_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no .netrc, no cookie, no compression, no library's name, no redirect, no second use of a connection."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok")
    async with receiver(cookie) as ours, receiver(good) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        monkeypatch.setenv("http_proxy", proxy.url())
        async with Outbound(allow_loopback=True) as door:
            for _ in range(2):
                answer = await door.post(ours.url(), b"{}", {"User-Agent": "Ours/1", "X-One": "1"})
        assert (answer.status, answer.body, answer.retry_after, answer.cause) == (200, b"ok", "7", "")
        assert (ours.connections, proxy.connections) == (2, 0)
    lines = sorted(ours.heads[1].strip().lower().split("\r\n"))
    assert lines == [
        "accept-encoding: identity", "accept: */*", "connection: close", "content-length: 2",
        "content-type: application/octet-stream", f"host: 127.0.0.1:{ours.port}", "post /hook http/1.1",
        "user-agent: ours/1", "x-one: 1",
    ]  # fmt: skip


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
    "upgrades": (answering(b"HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"), 101, ""),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_receiver_costs_no_more_than_the_time_allowed(kind: str) -> None:
    handler, status, cause = HOSTILE[kind]
    async with receiver(handler) as hostile:
        started = time.monotonic()
        allowed = 5.0 if kind.startswith("floods") else 0.4  # a busy machine takes its time over 512 KiB
        answer = await post(hostile.url(), timeout_seconds=allowed)
        assert time.monotonic() - started < allowed + 0.6
        assert (answer.status, answer.cause[: len(cause)]) == (status, cause)
        assert answer.cause == "" or cause
        assert len(answer.body) <= ANSWER_LIMIT
        assert hostile.connections == 1
        assert answer.duration_ms < 900


async def test_the_answer_is_cut_at_64_kib_and_not_before() -> None:
    for size, cause in ((ANSWER_LIMIT, ""), (ANSWER_LIMIT + 1, "answer larger than 64 KiB was cut")):
        async with receiver(answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b"x" * size)) as large:
            answer = await post(large.url())
        assert (answer.status, len(answer.body), answer.cause) == (200, ANSWER_LIMIT, cause)


async def test_a_compressed_bomb_stays_compressed() -> None:
    async with receiver(answering(GZIPPED, BOMB)) as bomb:
        assert (await post(bomb.url())).body == BOMB[:ANSWER_LIMIT]


async def test_no_hostile_receiver_delays_a_good_one() -> None:
    async with receiver(good) as ready, Outbound(allow_loopback=True) as door:
        hostile = [receiver(handler) for handler, _, _ in HOSTILE.values()]
        found = [await one.__aenter__() for one in hostile]
        tries = [door.post(one.url(), b"{}", {}, timeout_seconds=0.8) for one in found for _ in range(10)]
        flood = asyncio.gather(*tries)
        good_ones = [await door.post(ready.url(), b"{}", {}, timeout_seconds=5) for _ in range(20)]
        await flood
        for one in hostile:
            await one.__aexit__(None, None, None)
    assert {answer.status for answer in good_ones} == {200}
    assert sorted(answer.duration_ms for answer in good_ones)[18] < 1500


async def test_garbage_of_any_kind_gives_an_answer_and_no_exception() -> None:
    dice = random.Random(20260101)
    whole = [
        OK,
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n",
        GZIPPED[:-4] + b"\r\n\r\n",
        b"HTTP/1.1 302 F\r\nLocation: \xff\r\n\r\n",
    ]

    async def garbled(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        text = bytearray(dice.choice(whole))
        for _change in range(dice.randint(1, 6)):
            text[dice.randrange(len(text))] = dice.randrange(256)
        writer.write(bytes(text) if dice.random() < 0.8 else dice.randbytes(200))
        writer.close()
        await writer.wait_closed()

    async with receiver(garbled) as hostile, Outbound(allow_loopback=True) as door:
        tries = [door.post(hostile.url(), b"{}", {}, timeout_seconds=2) for _ in range(200)]
        for answer in await asyncio.gather(*tries):
            assert answer.status is not None or answer.cause
            assert answer.retry_after is None or answer.retry_after.isascii()


async def test_a_refused_connection_says_so() -> None:
    async with receiver(good) as gone:
        pass
    answer = await post(gone.url())
    assert (answer.status, answer.cause) == (None, "connection refused")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
async def test_a_header_with_a_line_break_is_not_sent(value: str) -> None:
    async with receiver(good) as ready, Outbound(allow_loopback=True) as door:
        answer = await door.post(ready.url(), b"{}", {"X-Webhook-Secret": value})
        assert answer.status is None
        assert answer.cause
        assert ready.heads == []


async def sockets_of_one_post(monkeypatch: pytest.MonkeyPatch, *, ended: bool) -> list[socket.socket]:
    """The sockets of a try whose receiver never reads a large body, a moment after it is over."""
    seen: list[socket.socket] = []
    end = outbound._end

    def watched(opened: list[socket.socket]) -> None:
        seen.extend(opened)
        if ended:
            end(opened)

    monkeypatch.setattr(outbound, "_end", watched)
    async with receiver(silent) as deaf, Outbound(allow_loopback=True) as door:
        answer = await door.post(deaf.url(), bytes(20_000_000), {}, timeout_seconds=0.3)
        assert answer.cause == "no answer within 0.3 s"
        await asyncio.sleep(0.05)
        open_ones = [one for one in seen if one.fileno() != -1]
    await asyncio.sleep(0.05)
    return open_ones


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_receiver_that_never_reads_holds_no_socket_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await sockets_of_one_post(monkeypatch, ended=True) == []


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_control_closing_alone_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(await sockets_of_one_post(monkeypatch, ended=False)) == 1


async def test_a_caller_that_gives_up_is_let_go() -> None:
    async with receiver(silent) as deaf, Outbound(allow_loopback=True) as door:
        task = asyncio.create_task(door.post(deaf.url(), b"{}", {}))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# --- TLS -------------------------------------------------------------------------------------------------------------


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


async def test_tls_is_checked_against_the_name_not_the_address(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "receiver.test")
    names: list[str | None] = []
    server.sni_callback = lambda _, name, __: names.append(name)
    own = Outbound(allow_loopback=True, resolve=resolving(["127.0.0.1"]), trust=trust)
    async with receiver(good, tls=server) as secure, own as door:
        assert (await door.post(secure.url("receiver.test", "https"), b"{}", {})).status == 200
        other = await door.post(secure.url("other.test", "https"), b"{}", {})
    assert names == ["receiver.test", "other.test"]
    assert (other.status, other.cause[:22]) == (None, "TLS: Hostname mismatch")


@pytest.mark.parametrize(
    ("days", "trusted", "cause"), [(-1, True, "certificate has expired"), (1, False, "self-signed")]
)
async def test_a_bad_certificate_is_refused(tmp_path: Path, days: int, trusted: bool, cause: str) -> None:
    server, trust = certificate(tmp_path, "receiver.test", days=days)
    async with receiver(good, tls=server) as secure:
        own = Outbound(allow_loopback=True, resolve=resolving(["127.0.0.1"]), trust=trust if trusted else None)
        async with own as door:
            answer = await door.post(secure.url("receiver.test", "https"), b"{}", {})
        assert secure.heads == []
    assert (answer.status, answer.cause[: 5 + len(cause)]) == (None, f"TLS: {cause}")


async def test_plain_http_where_tls_is_expected_is_refused() -> None:
    async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(chatty, "127.0.0.1", 0)
    async with server:
        answer = await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert answer.status is None
    assert answer.cause.startswith("TLS: ")
