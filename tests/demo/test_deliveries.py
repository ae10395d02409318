"""The demo's webhooks of the past: there to look at, and nothing of them is ever sent."""

from client import Client
from portals.signing import as_partner

from openmedspa.demo.constants import DEMO_PARTNER_KEY
from openmedspa.demo.deliveries import DOWN, MOST, URL
from openmedspa.kit.ladder import DELAYS_SECONDS
from openmedspa.webhooks import queries


async def test_nothing_is_due_and_nothing_is_in_trouble(demo_emr: Client) -> None:
    db = demo_emr.house.system
    (dead,) = await db.unscoped_rows("select * from endpoints where url = $1", URL)
    assert dead["deleted_at"] and await queries.count_waiting(db) == 0
    assert await db.unscoped_rows("select from subscriptions") == []
    assert await queries.list_troubled_endpoints(db) == []
    assert await queries.find_oldest_due(db, demo_emr.house.now()) is None
    sent = "select event_id from deliveries where endpoint_id = $1"
    for row in await db.unscoped_rows(sent, dead["id"]):
        asked = {"event_id": row["event_id"], "partner_id": None, "endpoint": None, "location_ids": None}
        assert await queries.update_event_replayed(db, None, now=demo_emr.house.now(), **asked) == []


async def test_each_came_to_an_end_before_the_endpoint_was_removed(demo_emr: Client) -> None:
    rows = await demo_emr.house.system.unscoped_rows(
        """
        select d.tries, d.delivered_at, d.failed_at, count(t.id) as told, min(t.at) >= d.created_at as is_after,
               max(t.at) = coalesce(d.delivered_at, d.failed_at) and max(t.at) < e.deleted_at as is_over,
               array_agg(t.status order by t.at) as statuses
        from deliveries d join endpoints e on e.id = d.endpoint_id
        join delivery_tries t on t.practice_id = d.practice_id and t.delivery_id = d.id
        where e.url = $1 group by d.practice_id, d.id, e.id
        """,
        URL,
    )
    assert len(rows) == MOST
    assert all(row["told"] == row["tries"] and row["is_after"] and row["is_over"] for row in rows)
    assert [row["statuses"] for row in rows if row["failed_at"]] == [[DOWN[0]] * len(DELAYS_SECONDS)]
    assert sorted(len(row["statuses"]) for row in rows if row["delivered_at"])[-3:] == [1, 2, 2]


async def test_their_partner_sees_them(demo_emr: Client) -> None:
    browser = await as_partner(demo_emr, DEMO_PARTNER_KEY)
    text = (await browser.get("/partner/deliveries")).text
    assert text.count("hooks.example.com") >= MOST and "Failed" in text and "Delivered" in text
