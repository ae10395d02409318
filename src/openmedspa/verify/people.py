"""Invented people and orders for them: every one new, so that no check meets another's patient."""

import random
import string
from typing import Any

from openmedspa.verify.given import Given


def person(**changes: Any) -> dict[str, Any]:
    """Somebody who does not exist: an address nobody has, a telephone number kept free for fiction."""
    name = "".join(random.choices(string.ascii_lowercase, k=10))  # noqa: S311 guards nothing
    details = {
        "first_name": "Vera",
        "last_name": f"Testcase{name}",
        "email": f"vera.{name}@example.com",
        "phone": f"+120255501{random.randrange(100):02}",  # noqa: S311
    }
    return without_none(details | changes)


def at_home(given: Given, patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A valid order at home; `patient` changes details, a value of None leaves a field out."""
    order = {
        "patient_details": person(**(patient or {})),
        "location_id": given.location,
        "appointment_time": 1640995200,
        "requested_treatments": [name for _, name in given.treatments[:2]],
    }
    return without_none(order | changes)


def in_person(given: Given, patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A valid order in person."""
    order = {
        "patient_details": person(**{"dob": "10/27/1990", "email": None, "phone": None, **(patient or {})}),
        "location_id": given.location,
        "requested_treatments": [given.treatments[0][1]] if given.treatments else [],
    }
    return without_none(order | changes)


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
