"""What the door to other people's servers connects to, and what it never does. Traffic on lo only."""

import asyncio
import ipaddress
import socket

import pytest
from kit.hostile import good, post, receiver, resolving
from kit.spellings import LOOPBACK_HOSTS

from openmedspa.kit import addresses
from openmedspa.kit.outbound import Answer, Outbound

PUBLIC_STAND_IN = ipaddress.ip_address("127.0.0.2")  # plays a public address, so that no packet leaves this machine


@pytest.fixture
def one_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: address == PUBLIC_STAND_IN)


@pytest.fixture
def all_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: every guard on addresses removed."""
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    monkeypatch.setattr(addresses, "check_url", lambda *_, **__: None)


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
