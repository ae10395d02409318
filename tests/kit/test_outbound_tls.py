"""TLS at the door to other people's servers: checked against the name, and refused in words. Traffic on lo only."""

import asyncio
from pathlib import Path

import pytest
from kit.hostile import OK, certificate, good, post, receiver, resolving

from openmedspa.kit.outbound import Outbound


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
