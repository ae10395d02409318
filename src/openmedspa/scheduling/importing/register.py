"""What a practice has that rows of a file may name: providers, locations, visit types. Read once, then no I/O."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import UNSET, Meta, Struct, UnsetType

from openmedspa.kit.bulk import Faults
from openmedspa.kit.db import Reads, Row
from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.scheduling.queries import importing as queries
from openmedspa.scheduling.slots import Visit

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)

Reference = Annotated[str, Meta(min_length=1, max_length=200)]


class Provider(Struct, frozen=True):
    id: int
    name: str
    reference: str | None
    home_location_id: str | None
    is_ended: bool


class Register(Struct, frozen=True):
    """A practice's. `zone` is its own; its locations may lie in others."""

    practice_id: int
    zone: ZoneInfo
    providers: Mapping[int, Provider]
    zones: Mapping[str, ZoneInfo]  # of locations
    types: Mapping[str, Visit]

    def provider(self, provider_id: int | UnsetType, name: str | UnsetType, wrong: Faults) -> Provider | None:
        """Whom a row means by number, reference or name; what is wrong with that goes into `wrong`."""
        named = self._named(name, wrong) if isinstance(name, str) else None
        if not isinstance(provider_id, int):
            return named
        found = self.providers.get(provider_id)
        if found is None:
            wrong["ProviderID"] = "is no provider of this practice"
        elif named is not None and named is not found:
            wrong["Provider"] = f"is not provider {provider_id}"
            return None
        return found

    def location(self, location_id: str | UnsetType, provider: Provider | None, wrong: Faults) -> str | None:
        """The one that is named, or where the provider is at home."""
        if isinstance(location_id, str):
            if location_id in self.zones:
                return location_id
            wrong["LocationID"] = "is no location of this practice"
        elif provider is not None and provider.home_location_id is None:
            wrong["LocationID"] = "is required: nobody said where they work"
        return None if location_id is not UNSET or provider is None else provider.home_location_id

    def zone_of(self, provider: Provider) -> ZoneInfo:
        """Where they are at home."""
        return self.zones.get(provider.home_location_id or "", self.zone)

    def by_word(self, word: str, ppass: str) -> Provider:
        """Whom somebody means who typed a number, a reference or a name. NotFound; Invalid when it means several."""
        by_number = self.providers.get(int(word)) if word.isascii() and word.isdigit() else None
        wrong: Faults = {}
        by_name = self._named(word, wrong)
        if by_number and by_name and by_number is not by_name:
            what = f"{word} is the number of {by_number.name}, and the reference of {by_name.id} {by_name.name}."
            raise Invalid(what, f"Say --provider {by_name.id}, or a name.")
        if found := by_number or by_name:
            return found
        if "several" in wrong["Provider"]:
            raise Invalid(f"{word[:60]} {wrong['Provider'].partition(':')[0]}.", "Say the number.")
        known = ", ".join(f"{one.id} {one.name}" for one in list(self.providers.values())[:10])
        raise NotFound(f"{ppass} has no provider {word[:60]}.", f"It has {known or 'none yet'}.")

    def _named(self, name: str, wrong: Faults) -> Provider | None:
        """By reference; else by name, of those who are active if there are any."""
        for provider in self.providers.values():
            if provider.reference == name:
                return provider
        found = [provider for provider in self.providers.values() if same_name(provider.name, name)]
        found = [provider for provider in found if not provider.is_ended] or found
        if len(found) == 1:
            return found[0]
        numbers = ", ".join(str(provider.id) for provider in found[:5])
        several = f"is the name of several providers ({numbers}): give ProviderID"
        wrong["Provider"] = several if found else "is no provider's reference or name"
        return None


async def read(db: Reads, practice: Row) -> Register:
    practice_id = practice["id"]
    scope = [practice_id]
    providers = [Provider(*row) for row in await queries.list_providers(db, scope, practice_id)]
    locations = await queries.list_locations(db, scope, practice_id)
    types = await queries.list_visit_types(db, scope, practice_id)
    return Register(
        practice_id,
        ZoneInfo(practice["time_zone"]),
        {provider.id: provider for provider in providers},
        {row["id"]: ZoneInfo(row["time_zone"]) for row in locations},
        {row["code"]: Visit(row["minutes"], row["before_minutes"], row["after_minutes"]) for row in types},
    )


def same_name(one: str, other: str) -> bool:
    """Without regard to case and spaces."""
    return one.casefold().split() == other.casefold().split()


def blank(given: Mapping[str, object], fields: Sequence[str]) -> Faults:
    """Those that are given and say nothing."""
    return {name: "must not be blank" for name in fields if isinstance(at := given.get(name), str) and not at.strip()}


def out_of_calendar(day: date) -> str:
    """Why a date is none that a schedule has; empty if it is."""
    return "" if EARLIEST <= day <= LATEST else f"must be between {EARLIEST} and {LATEST}"
