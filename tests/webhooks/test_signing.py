"""How a webhook is signed: checked by the public library, and by our own receiver's side."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from openmedspa.webhooks import signing
from openmedspa.webhooks.signing import Check, headers, legacy_signature, new_secret, standard_signature, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
NOW = 1_770_000_000
BODY = json.dumps(
    {"event": "visit.completed", "data": {"name": "Zoë"}}, ensure_ascii=False, separators=(",", ":")
).encode()


def signed(body: bytes = BODY, *, timestamp: int = NOW, header_secret: str | None = "shared") -> dict[str, str]:
    return headers(
        body,
        webhook_id="msg_1",
        timestamp=timestamp,
        secret=SECRET,
        user_agent="Spakinect-Webhook/1.0",
        header_secret=header_secret,
        api_key="oms_test_key",
    )


def checked(
    received: dict[str, str], body: bytes = BODY, *, secret: str = SECRET, api_key: str = "oms_test_key"
) -> tuple[Check, Check, Check]:
    return verify(received, body, now=NOW, secrets=[secret], api_keys=[api_key], header_secrets=["shared"])


def verdicts(checks: tuple[Check, Check, Check]) -> list[str]:
    return [check.verdict for check in checks]


# --- the sender's side -----------------------------------------------------------------------------------------------


def test_the_example_of_the_standard() -> None:
    """The published vector of the Standard Webhooks (and Svix) libraries."""
    signature = standard_signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.text(), st.binary(min_size=1, max_size=64), st.from_regex(r"\A[A-Za-z0-9_]{1,40}\Z"))
def test_the_public_library_accepts_every_signature(text: str, key: bytes, webhook_id: str) -> None:
    body = text.encode(errors="replace")
    secret = "whsec_" + b64encode(key).decode()
    built = headers(body, webhook_id=webhook_id, timestamp=int(time.time()), secret=secret, user_agent="x")
    Webhook(secret).verify(body, built, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", built, json_parse=False)


def test_x_signature_is_the_hex_hmac_of_the_raw_body() -> None:
    assert legacy_signature("key", BODY) == hmac.new(b"key", BODY, hashlib.sha256).hexdigest()


def test_all_headers_of_one_try() -> None:
    assert signed() == {
        "Content-Type": "application/json",
        "User-Agent": "Spakinect-Webhook/1.0",
        "X-Webhook-Secret": "shared",
        "X-Signature": legacy_signature("oms_test_key", BODY),
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": standard_signature(SECRET, "msg_1", NOW, BODY),
    }


def test_without_a_header_secret_and_key_their_headers_are_not_sent() -> None:
    built = headers(BODY, webhook_id="msg_1", timestamp=NOW, secret=SECRET, user_agent="x")
    assert not {"X-Webhook-Secret", "X-Signature"} & set(built)


def test_a_new_secret_is_32_random_bytes_the_public_library_reads() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(b64decode(secret.removeprefix("whsec_"))) for secret in made} == {32}
    for secret in made:
        Webhook(secret)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "whsec_a", "whsec_!!!!"])
def test_a_secret_that_is_not_base64_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        standard_signature(secret, "msg_1", NOW, BODY)


# --- the receiver's side ---------------------------------------------------------------------------------------------


@given(st.binary())
def test_what_we_send_passes_all_three(body: bytes) -> None:
    assert verdicts(checked(signed(body), body)) == ["passes", "passes", "passes"]


def test_header_names_are_read_in_any_case() -> None:
    assert verdicts(checked({name.upper(): value for name, value in signed().items()})) == ["passes"] * 3


def test_nothing_signed_is_absent() -> None:
    assert verdicts(checked({})) == ["absent", "absent", "absent"]


def test_without_secrets_nothing_can_be_checked() -> None:
    checks = verify(signed(), BODY, now=NOW, secrets=[], api_keys=[], header_secrets=[])
    assert verdicts(checks) == ["unchecked", "unchecked", "unchecked"]


def test_any_of_several_known_secrets_will_do() -> None:
    checks = verify(
        signed(), BODY, now=NOW, secrets=[OTHER, SECRET], api_keys=["x", "oms_test_key"], header_secrets=["y"]
    )
    assert verdicts(checks) == ["passes", "passes", "fails"]


def test_another_secret_is_told_from_a_changed_body_where_the_other_signature_fits() -> None:
    standard, legacy, _ = checked(signed(), secret=OTHER)
    assert (standard.verdict, standard.reason) == ("fails", signing.OTHER_KEY_OR_ID)
    assert legacy.verdict == "passes"
    standard, legacy, _ = checked(signed(), api_key="revoked")
    assert standard.verdict == "passes"
    assert (legacy.verdict, legacy.reason) == ("fails", signing.OTHER_KEY)


def test_a_changed_body_or_two_other_secrets_cannot_be_told_apart() -> None:
    for checks in (checked(signed(), BODY + b"x"), checked(signed(), secret=OTHER, api_key="other")):
        assert verdicts(checks) == ["fails", "fails", "passes"]
        assert {checks[0].reason, checks[1].reason} == {signing.OTHER_KEY_OR_BODY}


@pytest.mark.parametrize(
    "again", [json.dumps(json.loads(BODY)).encode(), BODY + b"\n", json.dumps(json.loads(BODY), indent=1).encode()]
)
def test_a_body_written_anew_is_recognised(again: bytes) -> None:
    checks = checked(signed(), again)
    assert verdicts(checks) == ["fails", "fails", "passes"]
    assert {checks[0].reason, checks[1].reason} == {signing.BODY_REWRITTEN}


@pytest.mark.parametrize("off", [-301, 301, 86400, -NOW])
def test_a_clock_off_by_more_than_five_minutes_fails_and_says_by_how_much(off: int) -> None:
    standard, legacy, _ = checked(signed(timestamp=NOW - off))
    assert (standard.verdict, legacy.verdict) == ("fails", "passes")
    assert standard.reason.startswith(f"clock off by {off} s")


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_five_minutes_are_forgiven(off: int) -> None:
    assert checked(signed(timestamp=NOW - off))[0].verdict == "passes"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_part_of_the_standard_is_named(name: str) -> None:
    received = signed()
    del received[name]
    assert checked(received)[0] == Check("webhook-signature", "fails", f"{name} is missing")


@pytest.mark.parametrize("sent", ["", "soon", "-1", "1.5", "１２３", str(NOW * 1000), "9" * 5000])
def test_a_timestamp_that_is_not_in_seconds_is_named(sent: str) -> None:
    standard = checked(signed() | {"webhook-timestamp": sent})[0]
    assert (standard.verdict, standard.reason) == ("fails", "webhook-timestamp is not in Unix seconds")


def test_one_of_several_signatures_is_enough_and_other_versions_are_passed_over() -> None:
    received = signed()
    received["webhook-signature"] = f"v1a,xx v1,AAAA {received['webhook-signature']}"
    assert checked(received)[0].verdict == "passes"
    received["webhook-signature"] = received["webhook-signature"].replace("v1,", "v2,")
    assert checked(received)[0].verdict == "fails"


def test_another_header_secret_fails() -> None:
    assert checked(signed(header_secret="wrong"))[2] == Check("X-Webhook-Secret", "fails", signing.OTHER_KEY)


@given(st.dictionaries(st.sampled_from([*signed()]), st.text()), st.binary())
def test_no_stranger_s_request_breaks_the_check(received: dict[str, str], body: bytes) -> None:
    assert len(checked(received, body)) == 3
