"""How a webhook is signed, and how a receiver checks it: pure functions. No I/O, no clock; secrets are handed in."""

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from secrets import token_bytes
from typing import Literal

TOLERANCE_SECONDS = 300  # what the public Standard Webhooks libraries allow
STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
Secrets = Sequence[str]
Verdict = Literal[
    "passes", "fails", "absent", "unchecked"
]  # unchecked: the header is there, no secret for it was given

# Why a check fails, as far as the bytes can tell.
OTHER_KEY = "another secret was used"
OTHER_KEY_OR_ID = (
    "another secret was used, or webhook-id or webhook-timestamp was changed; the body is as it was signed"
)
OTHER_KEY_OR_BODY = "another secret was used, or the body was changed on the way"
BODY_REWRITTEN = "the body was changed on the way: the same JSON, written anew; check the bytes as they came"
CLOCK_OFF = "clock off by"


@dataclass(frozen=True, slots=True)
class Check:
    header: str
    verdict: Verdict
    reason: str = ""


def new_secret() -> str:
    """A Standard Webhooks secret of 256 random bits."""
    return "whsec_" + b64encode(token_bytes(32)).decode()


def standard_signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` of Standard Webhooks 1.0; timestamp in Unix seconds; ValueError when `secret` is not base64."""
    key = b64decode(secret.removeprefix("whsec_"), validate=True)
    if not key:
        raise ValueError("A webhook secret must not be empty.")
    return "v1," + b64encode(hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")).decode()


def legacy_signature(api_key: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body, keyed with the API key: the `X-Signature` of the exam API."""
    return hmac.digest(api_key.encode(), body, "sha256").hex()


def headers(
    body: bytes,
    *,
    webhook_id: str,
    timestamp: int,
    secret: str,
    user_agent: str,
    header_secret: str | None = None,
    api_key: str | None = None,
) -> dict[str, str]:
    """All headers of one try; `secret` is the endpoint's whsec_…, `api_key` the one that registered the URL."""
    signature = standard_signature(secret, webhook_id, timestamp, body)
    built = {"Content-Type": "application/json", "User-Agent": user_agent}
    built |= dict(zip(STANDARD_HEADERS, (webhook_id, str(timestamp), signature), strict=True))
    if header_secret:
        built["X-Webhook-Secret"] = header_secret
    if api_key:
        built["X-Signature"] = legacy_signature(api_key, body)
    return built


def verify(
    received: Mapping[str, str], body: bytes, *, now: int, secrets: Secrets, api_keys: Secrets, header_secrets: Secrets
) -> tuple[Check, Check, Check]:
    """The checks of webhook-signature, X-Signature and X-Webhook-Secret against every secret known; now in Unix s.

    One signature alone cannot tell another secret from a changed body; both together can, and so can a body whose
    signature fits once it is written as JSON in another way.
    """
    given = {name.lower(): value for name, value in received.items()}

    def signatures(text: bytes) -> tuple[Check, Check]:
        expected = [legacy_signature(key, text) for key in api_keys]
        return _check_standard(given, text, secrets, now), _check_plain("X-Signature", given, expected)

    standard, legacy = signatures(body)
    if _fits(standard) or _fits(legacy):
        reasons = (OTHER_KEY_OR_ID, OTHER_KEY)
    elif any(_fits(check) for text in _written_otherwise(body) for check in signatures(text)):
        reasons = (BODY_REWRITTEN, BODY_REWRITTEN)
    else:
        reasons = (OTHER_KEY_OR_BODY, OTHER_KEY_OR_BODY)
    shared = _check_plain("X-Webhook-Secret", given, header_secrets)
    return _explain(standard, reasons[0]), _explain(legacy, reasons[1]), _explain(shared, OTHER_KEY)


def _check_standard(given: Mapping[str, str], body: bytes, known: Secrets, now: int) -> Check:
    check = Check("webhook-signature", "fails")
    missing = [name for name in STANDARD_HEADERS if name not in given]
    if missing:
        absent = len(missing) == len(STANDARD_HEADERS)
        return replace(check, verdict="absent") if absent else replace(check, reason=f"{missing[0]} is missing")
    webhook_id, sent, signed = (given[name] for name in STANDARD_HEADERS)
    if not re.fullmatch(r"[0-9]{1,11}", sent):
        return replace(check, reason="webhook-timestamp is not in Unix seconds")
    late = now - int(sent)
    check = _compare(check, signed.split(), [standard_signature(key, webhook_id, int(sent), body) for key in known])
    if check.verdict == "passes" and abs(late) > TOLERANCE_SECONDS:
        return replace(check, verdict="fails", reason=f"{CLOCK_OFF} {late} s: an old request, or a wrong clock")
    return check


def _check_plain(header: str, given: Mapping[str, str], expected: Secrets) -> Check:
    value = given.get(header.lower())
    return Check(header, "absent") if value is None else _compare(Check(header, "fails"), [value], expected)


def _compare(check: Check, found: Sequence[str], expected: Secrets) -> Check:
    if not expected:
        return replace(check, verdict="unchecked", reason="no secret to check it with")
    pairs = [(one.encode(errors="replace"), other.encode()) for one in found for other in expected]
    return replace(check, verdict="passes") if any(hmac.compare_digest(*pair) for pair in pairs) else check


def _fits(check: Check) -> bool:
    """Whether the bytes are the signed ones, whatever the clock says."""
    return check.verdict == "passes" or check.reason.startswith(CLOCK_OFF)


def _explain(check: Check, reason: str) -> Check:
    return replace(check, reason=reason) if check.verdict == "fails" and not check.reason else check


def _written_otherwise(body: bytes) -> Iterator[bytes]:
    """What may have been sent, when a framework on the way read the JSON and wrote it anew."""
    with suppress(ValueError, RecursionError):
        value = json.loads(body)
        for separators in ((",", ":"), (", ", ": ")):
            for ascii_only in (False, True):
                yield json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
