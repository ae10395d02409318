"""Providers from a file: known by reference, number or name; licences as given replace those there. Knows no files."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Tx
from openmedspa.kit.seen import Seen
from openmedspa.partners.wire import Id
from openmedspa.practices.states import STATES
from openmedspa.scheduling.importing.register import Reference, blank, out_of_calendar, same_name
from openmedspa.scheduling.queries import importing as queries
from openmedspa.usage import audit

NEEDED: files.Needed = (("Name",),)
KINDS: dict[str, files.Kind] = {
    "ProviderID": "whole", "StepMinutes": "whole", "NoticeMinutes": "whole", "WindowDays": "whole", "Active": "flag",
}  # fmt: skip
NEW: Mapping[str, Any] = {
    "title": None, "specialty": None, "npi": None, "home_location_id": None, "step_minutes": 15, "notice_minutes": 0,
    "window_days": 730, "reference": None, "active": True, "licences": {},
}  # fmt: skip
LICENCES = "must be like CA:PA12345:2027-03-31, state, number and last day, with a semicolon between two"
NPI_PREFIX = "80840"  # of health cards of the United States: the check digit counts it

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Licences = dict[str, list[str]]  # number and last day, by state


class ProviderRow(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """A provider as a file has them: what it does not say of a known one stays."""

    name: Text
    title: Text | UnsetType | None = UNSET
    specialty: Text | UnsetType | None = UNSET
    npi: str | UnsetType | None = field(name="NPI", default=UNSET)
    location_id: str | UnsetType | None = field(name="LocationID", default=UNSET)
    step_minutes: Annotated[int, Meta(ge=5, le=240)] | UnsetType = UNSET
    notice_minutes: Annotated[int, Meta(ge=0, le=43_200)] | UnsetType = UNSET
    window_days: Annotated[int, Meta(ge=1, le=730)] | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET
    provider_id: Id | UnsetType = field(name="ProviderID", default=UNSET)
    active: bool | UnsetType = UNSET
    licences: str | UnsetType | None = UNSET


FIELDS: files.Fields = {name: KINDS.get(name, "text") for name in ProviderRow.__struct_encode_fields__}


class Person(Struct, frozen=True):
    """A row: whom it means, and what it says of them in the words of the table."""

    name: str
    reference: str | None
    provider_id: int | None
    told: Mapping[str, object]


class Providers:
    """A practice's."""

    def __init__(self, practice_id: int, location_ids: Collection[str], *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._practice_id = practice_id
        self._location_ids = frozenset(location_ids)
        self._adopted: dict[int, str] = {}  # by line: who had no reference until now
        self._ended: dict[int, int] = {}  # by line: licences whose last day is past
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> Person | Faults:
        wrong = files.unprintable(given) | blank(given, ("Name", "Title", "Specialty", "Reference"))
        try:
            row = msgspec.convert(given, ProviderRow)
        except msgspec.ValidationError as trouble:
            return parsing.explain(trouble, ProviderRow).fields | parsing.mistakes(given, ProviderRow) | wrong
        if isinstance(row.npi, str) and (why := wrong_npi(row.npi)):
            wrong["NPI"] = why
        if isinstance(row.location_id, str) and row.location_id not in self._location_ids:
            wrong["LocationID"] = "is no location of this practice"
        licences: Licences | UnsetType = UNSET
        try:
            licences = UNSET if row.licences is UNSET else _licences(row.licences or "")
        except ValueError as trouble:
            wrong["Licences"] = str(trouble)
        return wrong or _person(row, licences)

    @property
    def notes(self) -> list[str]:
        """What was taken and may be meant otherwise."""
        told = [f"line {line} {words}" for line, words in sorted(self._adopted.items())]
        if count := sum(self._ended.values()):
            lines = ", ".join(map(str, sorted(self._ended)[:10])) + (", …" if len(self._ended) > 10 else "")
            where = f"line{'s' * (len(self._ended) > 1)} {lines}"
            told.append(f"{count} licence{'s have' if count > 1 else ' has'} ended already: {where}")
        return told

    def _note(self, line: int, row: Person, means: Mapping[str, Any]) -> None:
        """A batch that is tried again notes the same."""
        if row.reference and means["reference"] is None and "id" in means and row.provider_id != means["id"]:
            self._adopted[line] = f"is {means['id']} {means['name']}, who had no reference until now: {row.reference}"
        licences: Any = row.told.get("licences") or {}
        today = self._now.date().isoformat()
        if ended := sum(last_day < today for _, last_day in licences.values()):
            self._ended[line] = ended

    def identities(self, row: Person) -> list[bytes]:
        return [b"reference:" + row.reference.encode()] if row.reference else []

    async def write(self, tx: Tx, batch: Sequence[Judged[Person]], seen: Seen) -> Outcome:
        """1. Let no other import in. 2. See who is there, and whom each row means. 3. Write all of it at once."""
        scope = [self._practice_id]
        await queries.lock_practice(tx, scope, self._practice_id)
        known = [_told(row) for row in await queries.list_whole_providers(tx, scope, self._practice_id)]
        new: list[dict[str, Any]] = []
        changes: list[dict[str, Any]] = []
        failed: dict[int, Faults] = {}
        lines: dict[int, int] = {}  # by whom this batch has met already
        met: dict[int, bytes] = {}
        for position, judged in enumerate(batch):
            means, why = _meant(judged.row, known)
            if means is None:
                if why:
                    failed[position] = {"Name": why}
                    continue
                means = {**NEW, **judged.row.told, "position": position}
                self._note(judged.entry.line, judged.row, means)
                known.append(means)
                new.append(means)
            elif first := lines.get(id(means)) or seen.find(_thing(means.get("id", 0))):
                failed[position] = {"": f"means the same as line {first}"}
                continue
            else:
                self._note(judged.entry.line, judged.row, means)
                met[position] = _thing(means["id"])
                changes += [after] if (after := {**means, **judged.row.told}) != means else []
            lines[id(means)] = judged.entry.line
        if new or changes:
            met |= {position: _thing(number) for position, number in (await self._write(tx, new, changes)).items()}
        return Outcome(len(new), len(changes), len(batch) - len(new) - len(changes) - len(failed), failed, met)

    async def _write(
        self, tx: Tx, new: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]
    ) -> dict[int, int]:
        made = await queries.write_providers(
            tx, [self._practice_id], self._practice_id, new=new, changes=changes, now=self._now
        )
        await audit.record(
            tx, self._practice_id, actor=self._actor, action="providers.imported",
            subject=f"{len(new)} created, {len(changes)} updated", request_id=None, now=self._now,
        )  # fmt: skip
        return made


def wrong_npi(npi: str) -> str:
    """Why it is no National Provider Identifier; empty if it may be one. The last digit checks the others (Luhn)."""
    if not (len(npi) == 10 and npi.isascii() and npi.isdigit()):
        return "must be 10 digits"
    digits = [int(digit) for digit in reversed(NPI_PREFIX + npi)]
    total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return "is mistyped: its check digit does not fit the others" if total % 10 else ""


def _licences(text: str) -> Licences:
    """ValueError, with the reason, when it says something else."""
    found: Licences = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        state, number, last_day = [word.strip() for word in part.split(":")] if part.count(":") == 2 else ("", "", "")
        state = state.upper()
        if not (len(state) == 2 and state.isascii() and state.isalpha() and number and len(last_day) == 10):
            raise ValueError(LICENCES)
        if state not in STATES:
            raise ValueError(f"names {state}, which is no state")
        if state in found:
            raise ValueError(f"names {state} twice")
        try:
            day = date.fromisoformat(last_day)
        except ValueError:
            raise ValueError(f"has {last_day}, which is no date of the calendar") from None
        if why := out_of_calendar(day):
            raise ValueError(f"has {last_day}: it {why}")
        found[state] = [number, last_day]
    return found


def _person(row: ProviderRow, licences: Licences | UnsetType) -> Person:
    name = " ".join(row.name.split())
    told = {
        "name": name, "title": row.title, "specialty": row.specialty, "npi": row.npi,
        "home_location_id": row.location_id, "step_minutes": row.step_minutes, "notice_minutes": row.notice_minutes,
        "window_days": row.window_days, "reference": row.reference, "active": row.active, "licences": licences,
    }  # fmt: skip
    return Person(
        name,
        row.reference or None,
        row.provider_id or None,
        {word: value for word, value in told.items() if value is not UNSET},
    )


def _meant(row: Person, known: Sequence[dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    """Whom of the known a row means: by reference, by number, by name. Nobody, with a reason, if it cannot be told."""
    for provider in known:
        if row.reference and provider["reference"] == row.reference:
            return provider, ""
    for provider in known:
        if row.provider_id and provider.get("id") == row.provider_id:
            return provider, ""
    found = [provider for provider in known if same_name(provider["name"], row.name)]
    free = [provider for provider in found if provider["reference"] is None]
    found = free if row.reference or free else found  # another reference is another person
    if len(found) > 1:
        return None, "is the name of several providers: give ProviderID or Reference"
    return (found[0] if found else None), ""


def _told(row: Any) -> dict[str, Any]:
    return {"id": row["id"], **{word: row[word] for word in ("name", *NEW)}, "licences": json.loads(row["licences"])}


def _thing(number: int) -> bytes:
    return b"provider:%d" % number
