"""One exchange with somebody else's server: ours alone, bounded, and never an exception. Traffic on lo only."""

import asyncio
import random
import socket
import time
from pathlib import Path

import pytest
from kit.hostile import BOMB, CHUNKED, GZIPPED, HOSTILE, OK, answering, good, post, receiver, silent

from openmedspa.kit import outbound
from openmedspa.kit.outbound import ANSWER_LIMIT, Outbound


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


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_receiver_costs_no_more_than_the_time_allowed(kind: str) -> None:
    handler, status, cause = HOSTILE[kind]
    async with receiver(handler) as hostile:
        started = time.monotonic()
        allowed = (
            5.0 if kind.startswith(("floods", "is endless")) else 0.4
        )  # a busy machine takes its time over so much
        answer = await post(hostile.url(), timeout_seconds=allowed)
        assert time.monotonic() - started < allowed + 5
        assert (answer.status, answer.cause[: len(cause)]) == (status, cause)
        assert answer.cause == "" or cause
        assert len(answer.body) <= ANSWER_LIMIT
        assert hostile.connections == 1


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
