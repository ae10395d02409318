"""The pages of calls: every call once, filters down to one, nothing of another partner's, no harmful name."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count

import asyncpg
import pytest
from cast import Cast
from client import Client
from portals.signing import Browser, as_partner, open_admin

from openmedspa.kit.backlog import Row
from openmedspa.kit.house import House
from openmedspa.portals.calls import pages
from openmedspa.settings import Settings
from openmedspa.usage import activity, calls, live
from openmedspa.usage.live import Mark
from openmedspa.usage.shapes import Asked

NOW = datetime(2026, 3, 9, 17, 30, tzinfo=UTC)
ROW = re.compile(r'<tr role="row"><td.*?</tr>', re.DOTALL)
REQUEST = re.compile(r"/activity/(req_[0-9a-f]{32})")
numbers = count(1)


def call(at: datetime = NOW, **changes: object) -> Row:
    row = {
        "at": at, "request_id": f"req_{next(numbers):032x}", "method": "GET", "route": "/emr/treatments", "status": 200,
        "code": "", "duration_us": 5_000, "address": "203.0.113.9", "practice_id": 1, "partner_id": 1, "key_id": 1,
    }  # fmt: skip
    assert changes.keys() <= row.keys()
    return tuple({**row, **changes}.values())


async def log(house: House, *rows: Row) -> list[str]:
    """Their request ids."""
    for row in rows:
        house.calls.add(row)
    await calls.write(house)
    return [str(row[1]) for row in rows]


@pytest.fixture
async def signed(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as both:
        yield both


@pytest.fixture
def admin(signed: tuple[Browser, Client]) -> Browser:
    return signed[0]


@pytest.fixture
def house(signed: tuple[Browser, Client]) -> House:
    return signed[1].house


async def shown(browser: Browser, path: str) -> list[str]:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return REQUEST.findall(answer.text.partition("<tbody")[2])


async def test_calls_stand_newest_first_and_say_what_they_were(admin: Browser, house: House) -> None:
    old, new = await log(
        house, call(NOW - timedelta(hours=1)),
        call(method="POST", route="", status=404, code="endpoint_not_found", duration_us=14_000),
    )  # fmt: skip
    assert await shown(admin, "/admin/activity") == [new, old]
    row = ROW.findall((await admin.get("/admin/activity")).text.replace("<wbr>", ""))[0]
    cells = [re.sub("<.*?>|\n", " ", cell).split() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
    assert cells == [
        ["Mar", "9,", "17:30:00"], ["POST"], ["(unknown", "path)"], ["404", "Not", "Found", "endpoint_not_found"],
        ["14ms"], ["Glow", "EMR"], ["203.0.113.9"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("partner=2", {"partner_id": 2}), ("key=2", {"key_id": 2, "partner_id": 2}),
        ("practice=rivaloffice", {"practice_id": 2}),
        ("method=put", {"method": "PUT"}), ("route=/v1/me", {"route": "/v1/me"}),
        ("route=(unknown path)", {"route": ""}),
        ("status=409", {"status": 409}), ("status=5xx", {"status": 503}), ("status=errors", {"status": 499}),
        ("status=4xx", {"status": 429}), ("code=slot_taken", {"code": "slot_taken", "status": 409}),
        ("ip=2001:db8:0::1", {"address": "2001:db8::1"}),
        ("request=req_" + "f" * 32, {"request_id": "req_" + "f" * 32}),
        ("search=slot_taken", {"code": "slot_taken"}), ("search=/v1/me", {"route": "/v1/me"}),
        ("search=198.51.100.1", {"address": "198.51.100.1"}), ("status=201", {"status": 201}),
        ("to=2026-03-09T17:00", {"at": NOW - timedelta(hours=1)}),
        ("from=2026-03-09T18:00", {"at": NOW + timedelta(hours=1)}),
        ("status=errors&partner=2&method=PUT", {"partner_id": 2, "status": 404, "method": "PUT"}),
    ],
)  # fmt: skip
async def test_a_filter_finds_its_calls_and_no_others(
    admin: Browser, house: House, query: str, kind: Mapping[str, object]
) -> None:
    _, wanted, _ = await log(house, call(), call(**kind), call())  # type: ignore[arg-type]
    assert await shown(admin, f"/admin/activity?{query}") == [wanted]
    file = (await admin.get(f"/admin/activity.csv?{query}")).text
    assert [row["Request id"] for row in csv.DictReader(io.StringIO(file))] == [wanted]


async def test_a_filter_that_cannot_be_read_comes_back_with_its_name(admin: Browser, house: House) -> None:
    await log(house, call())
    answer = await admin.get("/admin/activity?status=%3Cimg+onerror%3E")
    assert answer.status_code == 400
    assert 'href="#status"' in answer.text and "&lt;img onerror&gt;" in answer.text and "<img" not in answer.text
    assert (await admin.get("/admin/activity.csv?from=yesterday")).status_code == 400


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_pages_lose_and_double_nothing_also_at_one_moment(
    admin: Browser, house: House, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PER_PAGE", 50)
    ids = await log(house, *(call(NOW + timedelta(seconds=number // 40)) for number in range(120)))
    expected = ids if sort == "oldest" else ids[::-1]
    found, path, back = [], f"/admin/activity?sort={sort}", []
    while path:
        text = (await admin.get(path)).text
        found += REQUEST.findall(text.partition("<tbody")[2])
        links = dict(re.findall(r'rel="(prev|next)" href="([^"]+)"', text))
        path = links.get("next", "").replace("&amp;", "&")
        back.append(links.get("prev", "").replace("&amp;", "&"))
    assert found == expected and len(back) == 3
    assert await shown(admin, back[-1]) == expected[50:100]


async def test_the_slowest_are_those_of_the_newest_that_match(admin: Browser, house: House) -> None:
    ids = await log(
        house, *(call(duration_us=us) for us in (10, 900_000, 20_000)), call(duration_us=10**9, method="PUT")
    )
    assert await shown(admin, "/admin/activity?sort=slowest&method=GET") == [ids[1], ids[2], ids[0]]
    assert "newest 10,000" in (await admin.get("/admin/activity?sort=slowest")).text


async def test_a_look_that_ended_early_says_so_and_goes_on(
    admin: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openmedspa.usage.queries.activity.LOOKED_AT", 10)
    (rare,) = await log(house, call(method="PUT"))
    await log(house, *(call(NOW + timedelta(seconds=number)) for number in range(25)))
    text, looks = (await admin.get("/admin/activity?method=PUT")).text, 1
    while "Look further" in text:
        assert "were looked through" in text
        (further,) = re.findall(r'rel="next" href="([^"]+)"', text)
        text, looks = (await admin.get(further.replace("&amp;", "&"))).text, looks + 1
    assert REQUEST.findall(text.partition("<tbody")[2]) == [rare] and looks == 3
    file = (await admin.get("/admin/activity.csv?method=PUT")).text
    assert [row["Request id"] for row in csv.DictReader(io.StringIO(file))] == [rare]


async def test_a_file_is_cut_at_its_most_and_says_so(
    admin: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "AT_ONCE", 10)
    monkeypatch.setattr(activity, "MOST_IN_FILE", 25)
    ids = await log(house, *(call() for _ in range(30)))
    lines = (await admin.get("/admin/activity.csv")).text.splitlines()
    assert [line.rpartition(",")[2] for line in lines[1:26]] == ids[:4:-1]
    assert lines[26:] == ["Cut after 25 calls: ask for a shorter time."]


async def test_names_can_do_nothing_on_pages_and_in_files(
    admin: Browser, house: House, owner: asyncpg.Connection
) -> None:
    await owner.execute("update partners set name = '<img src=x onerror=alert(1)>' where id = 1")
    await owner.execute("update api_keys set name = '=cmd()' where id = 1")
    (request_id,) = await log(house, call())
    for path in ("/admin", "/admin/activity", f"/admin/activity/{request_id}"):
        text = (await admin.get(path)).text
        assert "&lt;img src=x" in text and "<img" not in text, path
    (row,) = csv.DictReader(io.StringIO((await admin.get("/admin/activity.csv")).text))
    assert row["Key"] == "'=cmd()" and row["Duration (ms)"] == "5.0"


async def test_a_request_has_a_page_with_everything_and_nobody_elses_has_none(
    admin: Browser, house: House, signed: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    key = await owner.fetchrow("select id, partner_id from api_keys where last_four = $1", Cast.PARTNER_KEY[-4:])
    own, foreign = await log(
        house, call(partner_id=key["partner_id"], key_id=key["id"], code="slot_taken", status=409),
        call(partner_id=key["partner_id"] + 1),
    )  # fmt: skip
    text = (await admin.get(f"/admin/activity/{own}")).text
    for words in ("409 Conflict", "/docs/errors/slot_taken", "Glow Partner", "GlowOffice", "203.0.113.9", own,
                  f"{Cast.PARTNER_KEY[:12]}…{Cast.PARTNER_KEY[-4:]}"):  # fmt: skip
        assert words in text, words
    assert (await admin.get("/admin/activity/req_" + "0" * 32)).status_code == 404
    partner = await as_partner(signed[1], Cast.PARTNER_KEY)
    assert (await partner.get(f"/partner/activity/{own}")).status_code == 200
    assert (await partner.get(f"/partner/activity/{foreign}")).status_code == 404


async def test_a_partner_sees_its_own_calls_whatever_it_asks_for(
    signed: tuple[Browser, Client], house: House, owner: asyncpg.Connection
) -> None:
    own_id = await owner.fetchval("select partner_id from api_keys where last_four = $1", Cast.PARTNER_KEY[-4:])
    await owner.execute("update api_keys set per_second = 7 where last_four = $1", Cast.PARTNER_KEY[-4:])
    partner = await as_partner(signed[1], Cast.PARTNER_KEY)
    rows = [call(partner_id=number, key_id=number, status=400, code="invalid") for number in (1, own_id, None)]
    _, own, _ = await log(house, *rows)
    for query in ("", "?partner=1", "?status=errors", "?code=invalid", "?ip=203.0.113.9", "?practice=GlowOffice",
                  "?sort=slowest", "?sort=oldest", f"?search={own}", "?to=2027-01-01"):  # fmt: skip
        assert await shown(partner, f"/partner/activity{query}") == [own], query
        file = (await partner.get(f"/partner/activity.csv{query}")).text
        assert [row["Request id"] for row in csv.DictReader(io.StringIO(file))] == [own], query
    assert REQUEST.findall((await partner.get("/partner/activity?key=1")).text) == []
    assert "Partner" not in (await partner.get("/partner/activity.csv")).text
    text = (await partner.get("/partner")).text
    assert REQUEST.findall(text) == [own] and "7 calls a second" in text and "not recorded" not in text


async def pieces(browser: Browser, house: House, path: str, own: int | None = None) -> AsyncGenerator[list[str]]:
    """The request ids of each piece of what the page follows, as the door makes them."""
    mark = re.search(r'hx-sse:connect="[^"]*mark=([0-9.]+)', (await browser.get(path)).text)
    assert mark is not None
    asked, seen = Asked(partner_id=own), Mark.of(mark[1])
    assert seen is not None
    while True:
        later = await live.look(house.system, asked, seen)
        seen = Mark.of(later.mark.text)  # as it travels to a browser that goes away and comes back
        assert seen is not None
        yield [row["request_id"] for row in later.rows]


async def test_what_comes_is_told_once_also_from_a_batch_that_commits_late(
    admin: Browser, house: House, owner: asyncpg.Connection, dsn: str
) -> None:
    await log(house, *(call() for _ in range(3)))
    telling = pieces(admin, house, "/admin/activity")
    assert await anext(telling) == []
    late = call()
    other = await asyncpg.connect(dsn)
    try:
        transaction = other.transaction()
        await transaction.start()  # another process's batch: numbered first, visible last
        await other.execute(
            """insert into calls (at, request_id, method, route, status, code, duration_us, address, practice_id,
                                  partner_id, key_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            *late,
        )  # fmt: skip
        first = await log(house, call(), call())
        assert await anext(telling) == first[::-1]
        await transaction.commit()
    finally:
        await other.close()
    assert [await anext(telling) for _ in range(2)] == [[late[1]], []]


async def test_what_is_followed_is_what_is_asked_for(admin: Browser, house: House) -> None:
    await log(house, call(partner_id=1))
    telling = pieces(admin, house, "/admin/activity", own=1)
    assert await anext(telling) == []
    ids = await log(house, call(partner_id=2), call(partner_id=1), call(partner_id=None))
    assert [await anext(telling) for _ in range(2)] == [[ids[1]], []]


async def test_more_than_can_be_shown_is_left_out_and_does_not_come_later(admin: Browser, house: House) -> None:
    await log(house, call())
    telling = pieces(admin, house, "/admin/activity")
    await anext(telling)
    ids = await log(house, *(call() for _ in range(150)))
    assert [await anext(telling) for _ in range(2)] == [ids[:49:-1], []]


async def follow(client: Client, browser: Browser, path: str, on_first: asyncio.Event) -> str:
    """The stream as a browser reads it, until the server ends it."""
    text = (await browser.get(path)).text
    (address,) = re.findall(r'hx-sse:connect="([^"]+)"', text)
    on_first.set()
    answer = await browser.get(address.replace("&amp;", "&"))
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    return answer.text


async def test_a_stream_tells_rows_and_ends_with_the_session(
    admin: Browser, house: House, signed: tuple[Browser, Client], owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(pages, "TICK_SECONDS", 0.05)
    await log(house, call())
    opened = asyncio.Event()
    following = asyncio.create_task(follow(signed[1], admin, "/admin/activity", opened))
    await opened.wait()
    (new,) = await log(house, call(NOW + timedelta(seconds=1)))
    await asyncio.sleep(0.4)
    assert not following.done()
    await owner.execute("delete from page_sessions")
    text = await asyncio.wait_for(following, 10)
    assert text.count(new) == 1 and "<tr role=" in text and "id: " in text
    assert "You are signed out" in text and "event: ended" in text
    assert len(house.operators_live) == 0
    answer = await admin.get("/admin/activity/live?mark=0", headers={"hx-request": "true"})
    assert answer.status_code == 401 and answer.headers["hx-redirect"].startswith("/admin/sign-in")


async def test_beyond_the_most_that_are_followed_the_next_is_told_to_wait(admin: Browser, house: House) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(house.operators_live.taken(None))
        answer = await admin.get("/admin/activity/live?mark=0")
        assert answer.status_code == 503 and answer.headers["retry-after"] == "60"
        assert (await admin.get("/admin/activity")).status_code == 200
    assert house.operators_live.has_room(None)
