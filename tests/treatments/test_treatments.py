"""GET /emr/treatments: the catalogue, a practice's favourites, and the four ways to ask wrongly."""

import asyncpg
from cast import TREATMENTS, Cast
from client import Client

FAVOURITES = f"/emr/treatments?type=favorites&location_id={Cast.GLOW}"


async def test_the_catalogue_is_answered_in_its_order(glow_emr: Client) -> None:
    answer = await glow_emr.get("/emr/treatments")
    assert (answer.status, answer.json) == (
        200,
        {"data": [{"id": treatment.id, "name": treatment.name} for treatment in TREATMENTS]},
    )


async def test_an_empty_catalogue_is_an_empty_list(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from favourites")
    await owner.execute("delete from treatments")
    glow_emr.house.db.fresh.forget_all()
    answer = await glow_emr.get("/emr/treatments")
    assert (answer.status, answer.json) == (200, {"data": []})


async def test_favourites_are_the_practices_in_its_order(glow_emr: Client) -> None:
    for location in (Cast.GLOW, Cast.GLOW_SECOND):
        answer = await glow_emr.get(f"/emr/treatments?type=favorites&location_id={location}")
        assert (answer.status, answer.json) == (
            200,
            {
                "data": [
                    {"id": "treatment_002", "name": "Dermal Filler"},
                    {"id": "treatment_001", "name": "Botox Injection"},
                ],
                "source": "favorites",
            },
        )


async def test_a_practice_without_favourites_has_an_empty_list(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from favourites")
    answer = await glow_emr.get(FAVOURITES)
    assert (answer.status, answer.json) == (200, {"data": [], "source": "favorites"})


async def test_another_practices_favourites_are_its_own(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "delete from favourites where practice_id <> (select practice_id from locations where id = $1)", Cast.GLOW
    )
    assert len((await glow_emr.get(FAVOURITES)).json["data"]) == 2


async def test_favourites_need_a_location(glow_emr: Client) -> None:
    for query in ("type=favorites", "type=favorites&location_id="):
        answer = await glow_emr.get(f"/emr/treatments?{query}")
        assert (answer.status, answer.json) == (
            400,
            {"success": False, "error": "location_id is required when requesting favorites"},
        )


async def test_favourites_of_an_unknown_location_are_not_found_in_this_calls_words(glow_emr: Client) -> None:
    answer = await glow_emr.get("/emr/treatments?type=favorites&location_id=loc_nowhere")
    assert (answer.status, answer.json) == (404, {"success": False, "error": "Location not found"})


async def test_favourites_of_a_rivals_location_are_forbidden(glow_emr: Client) -> None:
    answer = await glow_emr.get(f"/emr/treatments?type=favorites&location_id={Cast.RIVAL}")
    assert (answer.status, answer.json) == (
        403,
        {"success": False, "error": "EMR is not authorized for this location"},
    )


async def test_another_type_is_refused(glow_emr: Client) -> None:
    for kind in ("", "all", "Favorites", "favourites"):
        answer = await glow_emr.get(f"/emr/treatments?type={kind}&location_id={Cast.GLOW}")
        assert answer.error[:2] == (400, "type is invalid"), kind


async def test_a_location_without_a_type_changes_nothing(glow_emr: Client) -> None:
    whole = (await glow_emr.get("/emr/treatments")).json
    assert (await glow_emr.get("/emr/treatments?location_id=loc_nowhere&x=1")).json == whole
