"""The table of forged tokens: what each is called, and how it is made from a real one.

An entry makes a token, or a list of whole `Authorization` headers where the scheme is what is wrong.
"""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from conftest import SECRET
from partners.minting import Mint, as_json, b64, by_private_key, digest_of, public_key, seconds, signed, unb64

Made = str | list[str]
Make = Callable[[Mint], Made]
DAY = 86_400
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
ABSENT: Any = object()

ALGORITHMS: dict[str, Any] = {
    "none": "none", "NONE": "NONE", "nOnE": "nOnE", "None": "None", "empty": "", "null": None, "absent": ABSENT,
    "hs256": "hs256", "HS256 and a space": "HS256 ", "a list": ["HS256"], "a number": 256, "an object": {"HS256": 1},
    "true": True, "HS1": "HS1", "dir": "dir",
}  # fmt: skip
KEYS: dict[str, Callable[[Mint], bytes]] = {
    "empty": lambda _: b"", "one zero": lambda _: b"\0", "32 zeros": lambda _: bytes(32), "secret": lambda _: b"secret",
    "its kid": lambda mint: mint.kid.encode(), "the issuer": lambda _: b"openmedspa",
    "the API key": lambda mint: mint.api_key.encode(), "the API key's digest": lambda mint: digest_of(mint.api_key),
    "the installation's secret": lambda _: SECRET.encode(), "that one's digest": lambda _: digest_of(SECRET),
    "the key in base64": lambda mint: base64.b64encode(mint.secret), "half of the key": lambda mint: mint.secret[:16],
    "a public key, PEM": lambda _: public_key("pem"), "a public key, DER": lambda _: public_key("der"),
    "a public key, PEM without its end": lambda _: public_key("pem").strip(),
}  # fmt: skip
KIDS: dict[str, Any] = {
    "absent": ABSENT, "null": None, "empty": "", "a number": 0, "true": True, "a list": ["x"],
    "an object": {"kid": "x"},
    "a path": "../../../../dev/null", "a file": "/proc/sys/kernel/randomize_va_space", "SQL": "x' union select 'key",
    "another installation's": "0123456789abcdef", "an address": "https://evil.example.com/key", "a command": "|id",
    "zero bytes": "\0" * 16, "huge": "a" * 2_000,
}  # fmt: skip
HEADERS: dict[str, dict[str, Any]] = {
    "jku": {"jku": "https://evil.example.com/jwks.json"}, "x5u": {"x5u": "https://evil.example.com/x.pem"},
    "x5c": {"x5c": ["MIIB"]}, "x5t": {"x5t": "abc"}, "crit": {"crit": ["exp"]}, "crit, empty": {"crit": []},
    "crit, unknown": {"crit": ["http://example.com/x"], "http://example.com/x": True}, "b64": {"b64": False},
    "b64 and crit": {"b64": False, "crit": ["b64"]}, "zip": {"zip": "DEF"}, "cty": {"cty": "JWT"},
    "enc": {"enc": "A256GCM"}, "typ JWE": {"typ": "JWE"}, "typ at+jwt": {"typ": "at+jwt"}, "typ jwt": {"typ": "jwt"},
    "typ null": {"typ": None}, "unknown member": {"x": 1}, "jwk": {"jwk": {"kty": "oct", "k": b64(b"forger")}},
    "prototype": {"__proto__": {"admin": True}},
}  # fmt: skip
NOT_HEADERS = {
    "an array": b"[]", "a text": b'"HS256"', "null": b"null", "a number": b"1", "no JSON": b"{", "empty object": b"{}",
    "UTF-16": '{"alg":"none"}'.encode("utf-16"), "a byte order mark": b"\xef\xbb\xbf{}", "no UTF-8": b"\xff\xfe",
    "deep": DEEP[:1_500],
}  # fmt: skip
CLAIMS: dict[str, dict[str, Any]] = {
    "iss": {"another": "evil", "empty": "", "null": None, "a list": ["openmedspa"], "in capitals": "OPENMEDSPA",
            "with a space": "openmedspa "},
    "aud": {"another": "openmedspa/emr", "empty": "", "null": None, "a list": ["openmedspa/v1"], "an object": {},
            "beginning": "openmedspa"},
    "sub": {"a number": 1, "empty": "", "zero": "0", "negative": "-1", "with a zero": "01", "with a space": "1 ",
            "other digits": "\u0661", "huge": "9" * 30, "SQL": "1 or 1=1", "null": None, "a list": ["1"],
            "a stranger": "999999", "a line": "1\n"},
    "ppass": {"empty": "", "nobody": "NowhereOffice", "another practice": "RivalOffice", "null": None,
              "a list": ["GlowOffice"], "a zero byte": "GlowOffice\0", "with a space": "GlowOffice ",
              "SQL": "x' or ''='", "a pattern": "%", "a number": 1},
    "scopes": {"a text": "Prospects", "null": None, "an object": {"Prospects": 1}, "numbers": [1],
               "a list in it": [[]]},
    "iat": {"a text": "1", "null": None, "true": True, "negative": -1, "in the future": seconds() + DAY,
            "huge": 10**30, "a list": [1]},
    "exp": {"past": seconds() - 1, "a text": "99999999999", "null": None, "true": True, "negative": -1, "zero": 0,
            "in 25 hours": seconds() + 25 * 3600 + 60, "in a century": seconds() + 36_525 * DAY, "huge": 10**30,
            "a float": 1e300, "a list": [seconds() + DAY], "an object": {}},
    "jti": {"null": None, "a number": 1, "empty": ""},
    "nbf": {"in the future": seconds() + DAY}, "admin": {"true": True}, "alg": {"none": "none"},
}  # fmt: skip
PAYLOADS: dict[str, bytes] = {
    "an array": b"[]", "a text": b'"x"', "null": b"null", "a number": b"1", "an empty object": b"{}", "no JSON": b"{",
    "Infinity": b'{"exp": Infinity}', "NaN": b'{"exp": NaN}', "deep": DEEP[:2_500], "too long a number": b"9" * 2_800,
}  # fmt: skip
SHAPES: dict[str, Make] = {
    "empty": lambda _: [""],
    "two dots": lambda _: "..",
    "no signature": lambda mint: ".".join(mint.parts()[:2]) + ".",
    "two parts": lambda mint: ".".join(mint.parts()[:2]),
    "one part": lambda mint: mint.parts()[1],
    "four parts": lambda mint: mint.good + ".x",
    "five parts, as a JWE": lambda mint: mint.good + ".x.x",
    "a JWE": lambda _: ".".join([b64(as_json({"alg": "dir", "enc": "A256GCM"})), "", "AAAA", "AAAA", "AAAA"]),
    "a dot before": lambda mint: "." + mint.good,
    "a dot behind": lambda mint: mint.good + ".",
    "parts turned round": lambda mint: ".".join(reversed(mint.parts())),
    "padding in the header": lambda mint: ".".join([_padded(mint.parts()[0]), *mint.parts()[1:]]),
    "padding in the claims": lambda mint: ".".join([mint.parts()[0], mint.parts()[1] + "=", mint.parts()[2]]),
    "padding in the signature": lambda mint: mint.good + "=",
    "another spelling of the signature": lambda mint: mint.good[:-1] + _next(mint.good[-1]),
    "plus and slash": lambda mint: _standard(mint),  # noqa: PLW0108 it is defined below
    "a blank inside": lambda mint: mint.good.replace(".", " .", 1),
    "a line inside": lambda mint: mint.good.replace(".", ".\n", 1),
    "a tab behind": lambda mint: mint.good + "\t",
    "a line behind": lambda mint: mint.good + "\n",
    "quoted": lambda mint: f'"{mint.good}"',
    "percent encoded": lambda mint: mint.good.replace(".", "%2E"),
    "other dots": lambda mint: mint.good.replace(".", "\u2024"),
    "a zero width space": lambda mint: mint.good + "\u200b",
    "a zero byte": lambda mint: mint.good + "\0",
    "in capitals": lambda mint: mint.good.upper(),
    "in small letters": lambda mint: mint.good.lower(),
    "cut by one": lambda mint: mint.good[:-1],
    "half a signature": lambda mint: mint.good[:-21],
    "one more": lambda mint: mint.good + "A",
    "twice": lambda mint: mint.good * 2,
    "huge": lambda mint: mint.good + "A" * 1_000_000,
    "JSON, flattened": lambda mint: _as_json(mint, general=False),
    "JSON, general": lambda mint: _as_json(mint, general=True),
    "a signature of zeros": lambda mint: ".".join([*mint.parts()[:2], b64(bytes(32))]),
    "the other's signature": lambda mint: ".".join([*mint.parts()[:2], mint.other.split(".")[2]]),
    "the other's claims": lambda mint: ".".join([mint.parts()[0], mint.other.split(".")[1], mint.parts()[2]]),
    "a bit of the header": lambda mint: ".".join([_flipped(mint.parts()[0]), *mint.parts()[1:]]),
    "a bit of the claims": lambda mint: ".".join([mint.parts()[0], _flipped(mint.parts()[1]), mint.parts()[2]]),
    "a bit of the signature": lambda mint: ".".join([*mint.parts()[:2], _flipped(mint.parts()[2])]),
    "a member twice in the claims": lambda mint: signed(mint.header, _twice(mint.claims, sub="1"), mint.secret),
    "a member twice in the header": lambda mint: signed(_twice(mint.header, alg="none"), mint.claims, mint.secret),
    "a token in a token": lambda mint: signed({**mint.header, "cty": "JWT"}, mint.good.encode(), mint.secret),
    "the API key": lambda mint: mint.api_key,
    "another partner's key at this practice": lambda mint: mint.with_claims(sub=mint.rival_key_id),
}
SCHEMES: dict[str, Make] = {
    "Bearer alone": lambda _: ["Bearer"],
    "Bearer and a blank": lambda _: ["Bearer "],
    "two blanks": lambda mint: [f"Bearer  {mint.good}"],
    "a tab": lambda mint: [f"Bearer\t{mint.good}"],
    "a colon": lambda mint: [f"Bearer: {mint.good}"],
    "an equals sign": lambda mint: [f"Bearer={mint.good}"],
    "a comma": lambda mint: [f"Bearer,{mint.good}"],
    "Bearers": lambda mint: [f"Bearers {mint.good}"],
    "Bearer twice": lambda mint: [f"Bearer Bearer {mint.good}"],
    "a blank before": lambda mint: [f" Bearer {mint.good}"],
    "no scheme": lambda mint: [mint.good],
    "Basic": lambda mint: [f"Basic {mint.good}"],
    "Basic, encoded": lambda mint: ["Basic " + base64.b64encode(f"x:{mint.good}".encode()).decode()],
    "Token": lambda mint: [f"Token {mint.good}"],
    "DPoP": lambda mint: [f"DPoP {mint.good}"],
    "two tokens": lambda mint: [f"Bearer {mint.good} {mint.good}"],
    "a list of two": lambda mint: [f"Bearer {mint.good}, Bearer {mint.good}"],
    "two headers": lambda mint: [f"Bearer {mint.good}", f"Bearer {mint.good}"],
    "two headers, the first good": lambda mint: [f"Bearer {mint.good}", "Bearer x.y.z"],
    "two headers, the second good": lambda mint: ["Basic x", f"Bearer {mint.good}"],
}
PAIRS = {"RS256": "rsa", "PS256": "pss", "ES256": "ec", "EdDSA": "ed", "HS256": "rsa"}


def all_kinds() -> dict[str, Make]:
    """Every forgery by name."""
    kinds: dict[str, Make] = {}
    for name, value in ALGORITHMS.items():
        kinds[f"alg {name}, unsigned"] = partial(_unsigned, alg=value)
        kinds[f"alg {name}, signed"] = partial(_with_header, name="alg", value=value)
    for digest, name in (("sha384", "HS384"), ("sha512", "HS512")):
        kinds[name] = partial(_hmac, digest=digest, alg=name)
        kinds[f"{name} called HS256"] = partial(_hmac, digest=digest, alg="HS256")
        kinds[f"HS256 called {name}"] = partial(_hmac, digest="sha256", alg=name)
    for name, kind in PAIRS.items():
        kinds[f"{name} by a forger's {kind}"] = partial(_by_pair, alg=name, kind=kind)
    for name, key in KEYS.items():
        kinds[f"key {name}"] = partial(_by_key, key=key)
    for name, value in KIDS.items():
        kinds[f"kid {name}"] = partial(_with_header, name="kid", value=value)
        kinds[f"kid {name}, empty key"] = partial(_with_header, name="kid", value=value, key=b"")
    for name, changes in HEADERS.items():
        kinds[f"header with {name}"] = partial(_more_header, changes=changes)
    kinds["header with jwk, by it"] = lambda mint: mint.by(b"forger", jwk={"kty": "oct", "k": b64(b"forger")})
    kinds["header without typ"] = partial(_with_header, name="typ", value=ABSENT)
    for name, raw in NOT_HEADERS.items():
        kinds[f"header is {name}"] = partial(_header_is, raw=raw)
    for claim, values in CLAIMS.items():
        for name, value in values.items():
            kinds[f"{claim} {name}"] = partial(_claim, name=claim, value=value)
    for claim in ("iss", "aud", "sub", "ppass", "scopes", "iat", "exp", "jti"):
        kinds[f"without {claim}"] = partial(_claim, name=claim, value=ABSENT)
    for name, raw in PAYLOADS.items():
        kinds[f"claims are {name}"] = partial(_claims_are, raw=raw)
    return kinds | SHAPES | {f"scheme: {name}": make for name, make in SCHEMES.items()}


def _with(members: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {one: said for one, said in {**members, name: value}.items() if said is not ABSENT}


def _unsigned(mint: Mint, *, alg: Any) -> str:
    return f"{b64(as_json(_with(mint.header, 'alg', alg)))}.{mint.parts()[1]}."


def _with_header(mint: Mint, *, name: str, value: Any, key: bytes | None = None) -> str:
    """Signed by the real key unless another is given: what is wrong is the header alone."""
    return signed(_with(mint.header, name, value), mint.claims, mint.secret if key is None else key)


def _hmac(mint: Mint, *, digest: str, alg: str) -> str:
    return mint.by(mint.secret, digest=digest, alg=alg)


def _by_pair(mint: Mint, *, alg: str, kind: str) -> str:
    return by_private_key({**mint.header, "alg": alg}, mint.claims, kind)


def _by_key(mint: Mint, *, key: Callable[[Mint], bytes]) -> str:
    return mint.by(key(mint))


def _more_header(mint: Mint, *, changes: dict[str, Any]) -> str:
    return mint.by(mint.secret, **changes)


def _header_is(mint: Mint, *, raw: bytes) -> str:
    return signed(raw, mint.claims, mint.secret)


def _claim(mint: Mint, *, name: str, value: Any) -> str:
    """Signed by the real key: what is wrong is the claim alone."""
    return signed(mint.header, _with(mint.claims, name, value), mint.secret)


def _claims_are(mint: Mint, *, raw: bytes) -> str:
    return signed(mint.header, raw, mint.secret)


def _twice(members: dict[str, Any], **first: str) -> bytes:
    """JSON in which a member comes before the real one of its name."""
    return as_json(first)[:-1] + b"," + as_json(members)[1:]


def _as_json(mint: Mint, *, general: bool) -> str:
    header, payload, signature = mint.parts()
    signed_by = {"protected": header, "signature": signature}
    return as_json({"payload": payload, **({"signatures": [signed_by]} if general else signed_by)}).decode()


def _padded(part: str) -> str:
    return part + "=" * (-len(part) % 4 or 4)


def _next(letter: str) -> str:
    """The last letter of 32 bytes carries four bits: its neighbour means the same."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return letters[letters.index(letter) ^ 1]


def _standard(mint: Mint) -> str:
    """Signed until the signature has one of the two letters that both alphabets write differently."""
    number = 0
    while not {"-", "_"} & {*(token := mint.with_claims(jti=f"{number:032x}")).split(".")[2]}:
        number += 1
    return token.replace("-", "+").replace("_", "/")


def _flipped(part: str) -> str:
    raw = bytearray(unb64(part))
    raw[len(raw) // 2] ^= 1
    return b64(bytes(raw))
