"""Operators sign in with password and code: nothing else opens, and whatever was wrong is answered alike."""

import asyncpg
import pytest
from client import Client
from portals.signing import Browser

from openmedspa.accounts import operators
from openmedspa.kit.house import House

from .signing_in import EMAIL, another_browser, code, make_operator, signed_in, try_to_sign_in

PAGE = "/admin/partners"


async def is_in(browser: Browser) -> bool:
    answer = await browser.get(PAGE)
    assert answer.status_code in (200, 303), answer.text
    return answer.status_code == 200


def told(text: str) -> str:
    """What the page says of the trouble."""
    return text.split('<div class="note bad"')[1].split("</div>", maxsplit=1)[0]


async def test_password_and_code_open_the_pages(glow_emr: Client, house: House) -> None:
    browser = await signed_in(glow_emr, await make_operator(house))
    page = (await browser.get(PAGE)).text
    assert "Olga" in page and "Glow EMR" in page


async def test_the_address_is_compared_without_regard_to_case(glow_emr: Client, house: House) -> None:
    assert await is_in(await signed_in(glow_emr, await make_operator(house), email=f" {EMAIL.upper()} "))


async def test_whatever_is_wrong_is_answered_alike(glow_emr: Client, house: House) -> None:
    totp = await make_operator(house)
    off = await make_operator(house, email="off@example.com")
    await house.system.write(
        (), lambda tx: operators.switch(tx, "off@example.com", is_on=False, actor="test", now=house.now())
    )
    used = another_browser(glow_emr)
    assert (await try_to_sign_in(used, totp)).status_code == 303
    browser = another_browser(glow_emr)
    answers = {
        "password": await try_to_sign_in(browser, totp, password="four words in a raw", steps=1),
        "code": await try_to_sign_in(browser, totp, steps=9),
        "replayed code": await try_to_sign_in(browser, totp),
        "disabled": await try_to_sign_in(browser, off, email="off@example.com"),
        "unknown": await try_to_sign_in(browser, totp, email="nobody@example.com"),
    }
    first = told(answers["password"].text)
    for what, answer in answers.items():
        assert answer.status_code == 403, what
        assert told(answer.text) == first, what
        assert "set-cookie" not in answer.headers, what
    assert not await is_in(browser)


async def test_a_code_is_good_once_and_the_next_one_after_it(glow_emr: Client, house: House) -> None:
    totp = await make_operator(house)
    await signed_in(glow_emr, totp, steps=1)
    browser = another_browser(glow_emr)
    assert (await try_to_sign_in(browser, totp, steps=0)).status_code == 403


@pytest.mark.parametrize("typed", ["", "123", "abcdef", "１２３４５６", "000000\x00", "9" * 500])
async def test_a_code_that_is_none_opens_nothing(glow_emr: Client, house: House, typed: str) -> None:
    await make_operator(house)
    browser = another_browser(glow_emr)
    await browser.get("/admin/sign-in")
    form = {"email": EMAIL, "password": "four words in a row", "code": typed}
    assert (await browser.post("/admin/sign-in", form)).status_code in (400, 403)


async def test_what_was_typed_stays_but_for_secrets(glow_emr: Client, house: House) -> None:
    totp = await make_operator(house)
    answer = await try_to_sign_in(another_browser(glow_emr), totp, password="a wrong password")
    assert f'value="{EMAIL}"' in answer.text
    assert "a wrong password" not in answer.text and code(totp) not in answer.text


async def test_guesses_are_limited_and_who_is_in_stays_in(glow_emr: Client, house: House) -> None:
    totp = await make_operator(house)
    browser = await signed_in(glow_emr, totp)
    guesser = another_browser(glow_emr)
    answers = [await try_to_sign_in(guesser, totp, password="a wrong password") for _ in range(5)]
    last = answers[-1]
    assert last.status_code == 429 and int(last.headers["retry-after"]) > 0
    assert "Too many tries" in last.text
    assert (await try_to_sign_in(guesser, totp, steps=1)).status_code == 429  # the right one waits as well
    assert await is_in(browser)


async def test_a_guess_at_one_account_leaves_the_others_alone(glow_emr: Client, house: House) -> None:
    totp = await make_operator(house)
    other = await make_operator(house, email="vera@example.com", role="viewer")
    for _ in range(6):
        await try_to_sign_in(another_browser(glow_emr), totp, password="a wrong password")
    assert await is_in(await signed_in(glow_emr, other, email="vera@example.com"))


async def test_signing_in_is_written_down(glow_emr: Client, house: House, owner: asyncpg.Connection) -> None:
    await signed_in(glow_emr, await make_operator(house))
    row = await owner.fetchrow("select actor, practice_id from audit where action = 'page.signed_in'")
    assert row is not None and (row["actor"], row["practice_id"]) == ("operator:1", 0)
