"""What is known of a server that is to be verified: flags, files, stdin, and the note of a demo beside us."""

import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.secret_words import read_secret
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.verify.given import Given

LOOPBACK = ("127.0.0.1", "::1", "localhost")
# What the demo's note calls it → what a check calls it.
OF_DEMO = {
    "api_key": "key", "location_id": "location",
    "foreign_location_id": "foreign_location",
    "foreign_gfe_id": "foreign_gfe", "webhook_signing_secret": "secret", "webhook_secret": "header_secret",
}  # fmt: skip
IDS, ID, VISIBLE = ("location", "second_location", "foreign_location", "foreign_gfe"), r"[A-Za-z0-9_.~-]*", r"[ -~]*"
SECRETS = ("key", "narrow_key", "scopeless_key", "ended_key", "other_key", "secret", "header_secret")


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


def complete(base_url: str, known: Known, data_dir: Path | None) -> tuple[str, Known]:
    """What was typed, completed from the note of a demo that runs at this very address. Stopped without a key."""
    read = replace(known, **{name: _read(name, getattr(known, name)) for name in SECRETS})
    note = _note(base_url, data_dir)
    if note is not None and read.key in ("", note["api_key"]):
        found = {field: note[name] for name, field in OF_DEMO.items() if note.get(name)}
        read = replace(read, **{field: text for field, text in found.items() if not getattr(read, field)})
        base_url = base_url or note["base_url"]
        talk.say(f"Key, ids and secrets are those of the demo at {note['base_url']}.")
    if not base_url:
        raise Stopped("Which server?", "openmedspa verify http://127.0.0.1:8000/emr --key … --location …", exit_code=2)
    for name in ("key", "location"):
        if not getattr(read, name):
            hint = f"openmedspa verify {base_url} --key - --location loc_…"
            raise Stopped(f"--{name} is missing.", hint, exit_code=2)
    return base_url, read


def _note(base_url: str, data_dir: Path | None) -> dict[str, Any] | None:
    from openmedspa.cli.start_card import find_note
    from openmedspa.settings import Settings

    note = find_note(Settings.read(data_dir=data_dir).data_dir)
    if note is None or not base_url:
        return note
    asked, demo = urlsplit(base_url), urlsplit(note["base_url"])
    is_same = asked.hostname in LOOPBACK and demo.hostname in LOOPBACK and asked.port == demo.port
    return note if is_same else None


def to_given(known: Known, timeout: float) -> "Given":
    """As the checks take it. Stopped for what cannot be an id, a key or a secret."""
    from openmedspa.verify.given import Given

    if known.alias and "=" not in known.alias:
        raise Stopped("--alias is a word, = and a treatment's name.", "--alias 'Tox=Botox Injection'", exit_code=2)
    for field in fields(known):
        value = getattr(known, field.name)
        if field.name != "alias" and not re.fullmatch(ID if field.name in IDS else VISIBLE, value):
            raise Stopped(f"--{field.name.replace('_', '-')} holds a character that none has.", exit_code=2)
    return Given(**asdict(known), timeout=timeout)


def _read(name: str, given: str) -> str:
    return read_secret(given, flag=f"--{name.replace('_', '-')}", command="verify") if given else ""
