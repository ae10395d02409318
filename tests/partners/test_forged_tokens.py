"""A token that is not ours, or not as we made it, opens nothing: each kind of forgery, by the table."""

from collections.abc import Iterator

import pytest
from cast import Cast
from client import Client
from partners.forgeries import Made, all_kinds
from partners.minting import Mint, open_mint

from openmedspa.partners import bearer, keys, tokens
from openmedspa.partners.bearer import Scopes

KINDS = all_kinds()
CODES = {"token_missing", "token_invalid", "token_expired"}


@pytest.fixture
async def mint(glow_emr: Client, glow_partner: Client) -> Mint:
    other = await glow_emr.as_partner(Cast.PROSPECTS_KEY, "GlowOffice")
    rival = await glow_emr.house.system.unscoped_row(
        "select id from api_keys where key_sha256 = $1", keys.digest(Cast.RIVAL_PARTNER_KEY)
    )
    assert glow_partner.token and other.token and rival
    return await open_mint(
        glow_emr.house, good=glow_partner.token, other=other.token, api_key=Cast.PARTNER_KEY, rival_key_id=rival["id"]
    )


@pytest.fixture
def admitted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The grants of all who came as far as a route's own question."""
    seen: list[object] = []
    asks = Scopes.require

    def require(self: Scopes, grant: keys.Grant, path: dict[str, str]) -> None:
        seen.append(grant)
        asks(self, grant, path)

    monkeypatch.setattr(Scopes, "require", require)
    yield seen


async def send(client: Client, made: Made) -> tuple[int, object]:
    said = made if isinstance(made, list) else [f"Bearer {made}"]
    headers = [(b"authorization", value.encode("utf-8")) for value in said]
    answer = await client.http.get("/v1/me", headers=headers)
    return answer.status_code, answer.json()


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 250


async def test_every_kind_is_refused_and_none_reaches_a_door(
    glow_emr: Client, mint: Mint, admitted: list[object]
) -> None:
    surprises = {}
    for name, make in KINDS.items():
        status, said = await send(glow_emr, make(mint))
        if status != 401 or not isinstance(said, dict) or said["error"]["code"] not in CODES:
            surprises[name] = (status, said)
    assert surprises == {}
    assert admitted == []


async def test_every_kind_is_refused_while_the_real_one_is_kept_in_memory(
    glow_emr: Client, mint: Mint, admitted: list[object]
) -> None:
    assert (await send(glow_emr, mint.good))[0] == 200
    admitted.clear()
    let_in = [name for name, make in KINDS.items() if (await send(glow_emr, make(mint)))[0] != 401]
    assert (let_in, admitted) == ([], [])


async def test_control_the_minters_own_good_tokens_are_let_in(glow_emr: Client, mint: Mint) -> None:
    """What the forgeries are made by makes good tokens too: what is refused above is what was changed."""
    scheme = [f"bearer {mint.good}"]
    for made in (mint.good, mint.other, mint.with_claims(), mint.by(mint.secret), scheme):
        assert (await send(glow_emr, made))[0] == 200


async def test_control_with_verification_off_the_same_requests_come_through(
    glow_emr: Client, mint: Mint, admitted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = glow_emr.house
    real = tokens.read(await tokens.signing_keys(house.db, house.vault), mint.good, now=house.now())
    monkeypatch.setattr(bearer, "_token", lambda incoming: incoming.header(b"authorization"))
    monkeypatch.setattr(tokens, "read", lambda _keys, _token, **_options: real)
    for name, make in KINDS.items():
        assert (await send(glow_emr, make(mint)))[0] == 200, name
    assert len(admitted) == len(KINDS)


@pytest.mark.parametrize("where", ["x-api-key", "cookie", "query"])
async def test_a_token_counts_in_its_header_only(glow_partner: Client, where: str) -> None:
    token = glow_partner.token
    headers = {"x-api-key": {"x-api-key": token}, "cookie": {"cookie": f"access_token={token}"}}.get(where, {})
    answer = await glow_partner.with_token(None).get(
        "/v1/me", headers=headers, params={"access_token": token} if where == "query" else {}
    )
    assert answer.fault == (401, "token_missing", {})


async def test_a_token_is_no_key_of_the_exam_api(glow_emr: Client, glow_partner: Client) -> None:
    for headers in ({"x-api-key": glow_partner.token}, {"authorization": f"Bearer {glow_partner.token}"}):
        assert (await glow_emr.with_key(None).get("/emr/treatments", headers=headers)).status == 401
