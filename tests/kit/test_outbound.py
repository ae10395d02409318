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
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.kit import outbound
from openmedspa.kit.outbound import ANSWER_LIMIT, Answer, Outbound, check_url, is_public, may_connect

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def words(table: str) -> list[str]:
    return table.split()


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
    monkeypatch.setattr(outbound, "is_public", lambda address: address == PUBLIC_STAND_IN)


@pytest.fixture
def all_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: every guard on addresses removed."""
    monkeypatch.setattr(outbound, "is_public", lambda _: True)
    monkeypatch.setattr(outbound, "check_url", lambda *_, **__: None)


# --- addresses -------------------------------------------------------------------------------------------------------

PUBLIC = words("""
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 223.255.255.255 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1 2003::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8
""")
NOT_PUBLIC = words("""
0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 100.100.100.200 127.0.0.1 127.255.255.255
168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.192
192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255
:: ::1 ::7f00:1 ::a00:1 ::808:808 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b:1:7f00:0:100:: 100::1 100:0:0:1::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1
2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2002:808:808:: 2620:4f:8000::1 3ffe::1 3fff::1 4000::1 5f00::1
2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:10.0.0.1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1
""")


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_any_other_address_is_not(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_what_is_public_here_is_global_to_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    embeds = address in ipaddress.ip_network("64:ff9b::/96") or address in ipaddress.ip_network("::ffff:0:0/96")
    assert embeds or not is_public(address) or (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_as_the_one_it_embeds(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_public(ipaddress.ip_address(prefix + str(address))) is is_public(address)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_allowing_loopback_allows_nothing_else(text: str) -> None:
    expected = text in {"127.0.0.1", "127.255.255.255", "::1"}
    assert may_connect(ipaddress.ip_address(text), allow_loopback=True) is expected


# --- URLs ------------------------------------------------------------------------------------------------------------

LOOPBACK_HOSTS = words("""
127.0.0.1 127.0.0.1. 127.0.0.2 127.255.255.254 127.1 127.0.1 127.1. 2130706433 2130706433. 017700000001 0177.0.0.1
0177.0.1 0177.1 00177.0.0.1 0x7f.0.0.1 0x7f.1 0x7f000001 0X7F000001 0x7F.0x0.0x0.0x1 0x7f.0.1 127.0.0.01 127.0.0.0x1
127.00.00.01 127.0.0.1.. 1２7.0.0.1 １２７.0.0.1 １２７.０.０.１ ①②⑦.0.0.1 127。0。0。1 127．0．0．1 127｡0｡0｡1
0 0.0.0.0 0x0 00
%31%32%37.0.0.1 127%2e0%2e0%2e1 127.0.0.1%00 127.0.0.1%00.example.com 127.0.0.1%23.example.com 4294967296 4294967295
18446744071545290753 1.2.3.4.5 127.0.0.256 127.0.0.1.1 256.0.0.1 08.0.0.1 0x 0xg.0x7f 127.0x
[::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [::1%lo] [::1%25lo]
[::ffff:0:127.0.0.1] [2001::1] [::1]. [::1].example.com [::1.2.3] [127.0.0.1] [v1.x] [] [:: [::1]] [localhost]
localhost LOCALHOST LocalHost localhost. localhost.. a.localhost a.b.LOCALHOST.
ｌｏｃａｌｈｏｓｔ ⓛocalhost loc%61lhost .localhost
""")
OTHER_HOSTS = words("""
10.0.0.1 10.1 167772161 012.0.0.1 0xa.0.0.1 172.16.0.1 192.168.1.1 192.168.257 3232235777 0xc0a80101 169.254.169.254
2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 198.18.0.1
192.0.2.1 203.0.113.7 224.0.0.1 255.255.255.255 134744072 8.8.2056 [fd00:ec2::254] [fe80::1] [fe80::1%25eth0] [fc00::1]
[fec0::1] [ff02::1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe]
[64:ff9b:1::a9fe:a9fe] [2002:a9fe:a9fe::] [2001:db8::1] [100::1] [::10.0.0.1]
""")
ODD_URLS = [
    "", " ", "/", "hook", "//example.com", "http", "http:", "http:/", "http://", "https:///hook", "http:///example.com",
    "https:example.com", "https:/example.com", "ftp://example.com", "file:///etc/passwd", "javascript:alert(1)",
    "gopher://example.com", "ws://example.com", "httpss://example.com", "data:,x", "unix:///run/x",
    "https//example.com",
    " https://example.com", "https://example.com ", "https://exa mple.com", "https://example.com/a b", "\thttps://a.com",
    "https://example.com\n", "https://example.com/\r\nHost: evil", "ht\ntps://example.com", "https://example.com/\x00",
    "https://exam\x00ple.com", "https://example.com/\x7f", "https://example.com/\x85", "https://example.com/\u2028",
    "https://example.com/\u200b", "https://exa\u00admple.com", "https://example.com/\ud800", "https://example.com/\ufeff",
    "https://example.com\\@127.0.0.1", "https://example.com\\.evil.com", "https:\\\\example.com", "https://a.com/\\",
    "https://user@example.com", "https://user:pass@example.com", "https://@example.com", "https://:@example.com",
    "https://example.com@127.0.0.1", "https://127.0.0.1@example.com", "https://a@b@example.com",
    "https://example.com＠127.0.0.1", "https://example.com／.evil.com", "https://example.com？.evil.com",
    "https://example.com＃.evil.com", "https://example.com：80", "https://ⓐ／b.com", "https://℀.com",
    "https://example.com#", "https://example.com/#a", "https://example.com#@127.0.0.1/", "https://127.0.0.1#.example.com",
    "https://example.com:", "https://example.com:0", "https://example.com:65536", "https://example.com:99999999",
    "https://example.com:-1", "https://example.com:+80", "https://example.com:80a", "https://example.com:8_0",
    "https://example.com:８０", "https://example.com:80:80", "https://example.com: 80", "https://example.com:0x50",
    "https://.", "https://..", "https://.example.com", "https://example..com", "https://example.com..",
    "https://-example.com", "https://example-.com", "https://exa%6dple.com", "https://example%2ecom", "https://*.com",
    "https://exa$mple.com", "https://exam'ple.com", "https://<example>.com", "https://exam|ple.com", "https://a,b.com",
    "https://xn--99999999999999999.com", "https://xn--a\u0301.com", f"https://{'a' * 64}.com",
    "https://" + "a." * 127 + "com", "https://example.com/" + "a" * 2029, "https://[::1", "https://::1", "https://::1]/",
    "https://[fe80::1%25lo0]:80/", "https://[::1]x/", "https://[12345::1]", "https://[1:2:3:4:5:6:7]", "https://[::1::]",
]  # fmt: skip
GOOD_URLS = [
    "https://example.com", "https://example.com/", "https://example.com/hook?a=b&c=%2F", "HTTPS://EXAMPLE.COM/Hook",
    "https://example.com.", "https://example.com:8443/hook", "https://example.com?x=http://127.0.0.1/", "https://a.b.c.d.e",
    "https://example.com/@user:pass", "https://my_app.example.com", "https://bücher.example/ä?ö=ü", "https://straße.de",
    "https://xn--bcher-kva.example", "https://例え.テスト", "https://8.8.8.8/", "https://8.8.8.8:443", "https://localhost.com",
    "https://[2606:4700:4700::1111]/", "https://[::ffff:8.8.8.8]/", "https://127.0.0.1.example.com", "https://1.2.3.4.nip.io",
    "https://3com.com", "https://0x7f.com", "https://notlocalhost", "https://example.com/" + "a" * 2028,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_public_https_url_is_accepted(url: str) -> None:
    check_url(url, production=True, allow_loopback=False)


@pytest.mark.parametrize(
    "url", [*ODD_URLS, *(f"https://{host}/hook" for host in (*LOOPBACK_HOSTS, *OTHER_HOSTS)), "http://example.com/hook"]
)
def test_production_refuses_with_one_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The URL.*[^.]\.$"):
        check_url(url, production=True, allow_loopback=False)


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_malformed_url_is_refused_in_every_mode(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The URL"):
        check_url(url, production=False, allow_loopback=True)


@pytest.mark.parametrize("host", ["localhost", "a.localhost.", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_needs_permission(host: str) -> None:
    check_url(f"http://{host}:8080/hook", production=False, allow_loopback=True)
    with pytest.raises(ValueError, match="this machine"):
        check_url(f"http://{host}:8080/hook", production=False, allow_loopback=False)


def test_http_and_private_names_are_for_staging_only() -> None:
    for url in ("http://example.com/hook", "http://10.0.0.1/hook"):
        check_url(url, production=False, allow_loopback=False)


def test_control_without_the_address_rule_a_private_url_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "is_public", lambda _: True)
    check_url("https://10.0.0.1/hook", production=True, allow_loopback=False)


@given(st.text(max_size=20))
def test_no_text_is_more_than_refused(text: str) -> None:
    with suppress(ValueError):
        check_url("https://" + text, production=True, allow_loopback=False)


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
    monkeypatch.setattr(outbound, "check_url", lambda *_, **__: None)
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
        answer = await post(hostile.url(), timeout_seconds=0.4)
        assert time.monotonic() - started < 0.9
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
