"""Tables too long to be counted: one page of them, and the address of what is older. Pure; knows no row's meaning."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openmedspa.portals.layout.listing import PER_PAGE, Column, Listing

Place = tuple[datetime, int]  # a row's: its moment and its number
PLACE = re.compile(r"(\d{1,18})-(\d{1,18})")
LARGEST = 2**53  # microseconds; more is no moment of ours


def place(query: Mapping[str, str], newest: Place) -> Place:
    """Before which row to begin; what is no place begins with the newest."""
    found = PLACE.fullmatch(query.get("before", ""), 0)
    if found is None or int(found[1]) > LARGEST:
        return newest
    seconds, micros = divmod(int(found[1]), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(found[2])


class Older(Listing, frozen=True):
    """A listing whose other pages are "the newest" and "older": at any depth it costs the same."""

    is_later: bool = False
    older: str = ""

    @property
    def newest(self) -> str:
        return self.to()


def older(
    rows: Sequence[Any],
    columns: Sequence[Column],
    query: Mapping[str, str],
    *,
    address: str,
    place_of: Callable[[Any], Place],
    filters: Mapping[str, str],
    search: str = "",
    per_page: int = PER_PAGE,
) -> Older:
    """`rows` were read with one more than a page has, which says whether there is more."""
    listing = Older(
        columns=columns, rows=rows[:per_page], address=address, total=len(rows), filters=filters, search=search,
        is_later="before" in query,
    )  # fmt: skip
    if len(rows) <= per_page:
        return listing
    at, number = place_of(rows[per_page - 1])
    micros = int(at.timestamp()) * 1_000_000 + at.microsecond
    return Older(
        columns=columns, rows=listing.rows, address=address, total=listing.total, filters=filters, search=search,
        is_later=listing.is_later, older=listing.to(before=f"{micros}-{number}"),
    )  # fmt: skip
