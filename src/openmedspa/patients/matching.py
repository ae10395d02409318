"""Which person an order means: the keys two orders share when they mean the same one. Pure.

Contract: at home by first name + last name + e-mail, in person by first name + last name + date of birth; compared
after Unicode NFC, case folding, trimming and collapsing of spaces. Inside a practice, never across.
"""

import unicodedata
from datetime import date
from hashlib import sha256


def normal(text: str) -> str:
    """The form in which names and addresses are compared; idempotent."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


def home_key(first_name: str, last_name: str, email: str) -> bytes:
    return _key("home", normal(first_name), normal(last_name), normal(email))


def person_key(first_name: str, last_name: str, dob: date) -> bytes:
    return _key("person", normal(first_name), normal(last_name), dob.isoformat())


def _key(*facts: str) -> bytes:
    """32 bytes: a fixed size for the index whatever the length of a name. U+001F stands in no normalised text."""
    return sha256("\x1f".join(facts).encode()).digest()
