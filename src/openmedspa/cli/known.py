"""What is known of a server that is to be verified: flags, files, stdin, and the note of a demo beside us."""

import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.secret_words import read_secret
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.verify.given import Given
    from openmedspa.verify.partner.given import Given as PartnerGiven

LOOPBACK = ("127.0.0.1", "::1", "localhost")
Api = Literal["exam", "partner"]
ENDS: dict[Api, str] = {"exam": "/emr", "partner": "/v1"}
# What the demo's note calls it → what a check calls it.
OF_DEMO = {
    "api_key": "key", "location_id": "location",
    "foreign_location_id": "foreign_location",
    "foreign_gfe_id": "foreign_gfe", "webhook_signing_secret": "secret", "webhook_secret": "header_secret",
}  # fmt: skip
OF_DEMO_PARTNER = {"api_key": "partner_key", "ppass": "ppass", "narrow_api_key": "prospects_key",
                   "provider_id": "provider"}  # fmt: skip
IDS = ("location", "second_location", "foreign_location", "foreign_gfe", "ppass", "foreign_ppass",
       "provider", "visit_type")  # fmt: skip
ID, VISIBLE = r"[A-Za-z0-9_.~-]*", r"[ -~]*"


def text(help_: str) -> Parameter:
    return Parameter(help=help_, show_default=False)


def _secret(help_: str) -> Parameter:
    """A flag whose value may be kept from the process list: -, which looks like a flag, is a value here."""
    return Parameter(help=help_, show_default=False, allow_leading_hyphen=True)


@dataclass(frozen=True)
class Known:
    """The flags that say what is known of the server. A secret may be @FILE, or - for a line of stdin."""

    key: Annotated[str, _secret("An API key. Any secret here is safest as @FILE, or - for a line of stdin.")] = ""
    location: Annotated[str, text("A location this key may use.")] = ""
    second_location: Annotated[str, text("Another one of the same practice.")] = ""
    foreign_location: Annotated[str, text("A location that exists and this key may not use.")] = ""
    foreign_gfe: Annotated[str, text("A visit there.")] = ""
    narrow_key: Annotated[str, _secret("A key of the same EMR, for --location only.")] = ""
    scopeless_key: Annotated[str, _secret("A key without the scope Exams.")] = ""
    ended_key: Annotated[str, _secret("A key that was revoked or has expired.")] = ""
    other_key: Annotated[str, _secret("A key of the other environment.")] = ""
    alias: Annotated[str, text("Another word for a treatment: Tox=Botox Injection.")] = ""
    secret: Annotated[str, _secret("whsec_…, to check webhook-signature.")] = ""
    header_secret: Annotated[str, _secret("What X-Webhook-Secret must say.")] = ""
    ppass: Annotated[str, text("The practice whose partner API is checked.")] = ""
    partner_key: Annotated[str, _secret("A key for the partner API, of every scope; that of --key unless set.")] = ""
    prospects_key: Annotated[str, _secret("A key of the same practice, with the scope Prospects only.")] = ""
    foreign_ppass: Annotated[str, text("Another practice.")] = ""
    foreign_key: Annotated[str, _secret("A key for the partner API there.")] = ""
    provider: Annotated[str, text("A provider's number; unless set, the first who has time.")] = ""
    visit_type: Annotated[str, text("A visit type of the practice, to book by; FOLLOWUP unless set.")] = ""


SECRETS = tuple(field.name for field in fields(Known) if field.name.endswith(("key", "secret")))
OF_PARTNER = ("ppass", "prospects_key", "foreign_ppass", "foreign_key", "ended_key")


def complete(base_url: str, known: Known, data_dir: Path | None) -> tuple[str, Known]:
    """What was typed, completed from the note of a demo that runs at this very address. Stopped without an address."""
    read = replace(known, **{name: _read(name, getattr(known, name)) for name in SECRETS})
    read = replace(read, partner_key=read.partner_key or read.key)
    exam, partner = _note(base_url, data_dir, "exam_api"), _note(base_url, data_dir, "partner_api")
    is_told = False
    for note, key, names in ((exam, read.key, OF_DEMO), (partner, read.partner_key, OF_DEMO_PARTNER)):
        if note is not None and key in ("", note["api_key"]):
            read = _with(read, note, names)
            is_told = True
    if partner is not None and read.partner_key == partner["api_key"]:
        read = _with(read, partner["foreign"], {"ppass": "foreign_ppass", "api_key": "foreign_key"})
    if is_told and exam is not None:
        # Without an address: the server itself, where both APIs are.
        base_url = base_url or exam["base_url"].removesuffix(ENDS["exam"])
        talk.say(f"Keys, ids and secrets are those of the demo at {exam['base_url'].removesuffix(ENDS['exam'])}.")
    if not base_url:
        raise Stopped("Which server?", "openmedspa verify http://127.0.0.1:8000/emr --key … --location …", exit_code=2)
    return base_url, read


def apis_of(base_url: str, known: Known, asked: str) -> list[Api]:
    """Which APIs are meant: those asked for, that of the address, or whatever is known enough of. Stopped for none."""
    apis: list[Api] = [api for api in ENDS if asked in (api, "both")]
    if not asked:
        of_address = [api for api, end in ENDS.items() if base_url.rstrip("/").endswith(end)]
        apis = of_address or [api for api in ENDS if not _lacking(api, known)] or ["partner" if known.ppass else "exam"]
    for api in apis:
        if lacking := _lacking(api, known):
            what = "--ppass DemoOffice" if api == "partner" else "--location loc_…"
            raise Stopped(f"--{lacking} is missing.", f"openmedspa verify {base_url} --key - {what}", exit_code=2)
    return apis


def base_of(api: Api, base_url: str, apis: list[Api]) -> str:
    """The address of one API, where that of another was given for both."""
    bare = base_url.rstrip("/")
    for other, end in ENDS.items():
        if len(apis) > 1 and other != api:
            bare = bare.removesuffix(end)
    return bare


def to_given(known: Known, timeout: float) -> "Given":
    """As the exam API's checks take it. Stopped for what cannot be an id, a key or a secret."""
    from openmedspa.verify.given import Given

    if known.alias and "=" not in known.alias:
        raise Stopped("--alias is a word, = and a treatment's name.", "--alias 'Tox=Botox Injection'", exit_code=2)
    _require_words(known)
    values = {name: value for name, value in asdict(known).items() if name in Given.__struct_fields__}
    return Given(**values, timeout=timeout)


def to_partner_given(known: Known, timeout: float) -> "PartnerGiven":
    """As the partner API's checks take it."""
    from openmedspa.verify.partner.given import Given

    _require_words(known)
    if known.provider and not (known.provider.isascii() and known.provider.isdigit()):
        raise Stopped("--provider is a number.", "--provider 1", exit_code=2)
    return Given(
        key=known.partner_key, **{name: getattr(known, name) for name in OF_PARTNER}, timeout=timeout,
        provider=int(known.provider or 0), visit_type=known.visit_type or "FOLLOWUP",
    )  # fmt: skip


def _require_words(known: Known) -> None:
    for field in fields(known):
        value = getattr(known, field.name)
        if field.name != "alias" and not re.fullmatch(ID if field.name in IDS else VISIBLE, value):
            raise Stopped(f"--{field.name.replace('_', '-')} holds a character that none has.", exit_code=2)


def _lacking(api: Api, known: Known) -> str:
    """The flag without which nothing can be asked."""
    needed = {"key": known.key, "location": known.location}
    if api == "partner":
        needed = {"key": known.partner_key, "ppass": known.ppass}
    return next((name for name, value in needed.items() if not value), "")


def _with(known: Known, note: dict[str, Any], names: dict[str, str]) -> Known:
    """Completed by what the note has under these names."""
    found = {field: str(note[name]) for name, field in names.items() if note.get(name)}
    return replace(known, **{field: text for field, text in found.items() if not getattr(known, field)})


def _note(base_url: str, data_dir: Path | None, api: str) -> dict[str, Any] | None:
    from openmedspa.cli.start_card import find_note
    from openmedspa.settings import Settings

    note = find_note(Settings.read(data_dir=data_dir).data_dir, api=api)
    if note is None or not base_url:
        return note
    asked, demo = urlsplit(base_url), urlsplit(note["base_url"])
    is_same = asked.hostname in LOOPBACK and demo.hostname in LOOPBACK and asked.port == demo.port
    return note if is_same else None


def _read(name: str, given: str) -> str:
    return read_secret(given, flag=f"--{name.replace('_', '-')}", command="verify") if given else ""
