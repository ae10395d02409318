"""The patient's link: derived from the secret key when needed, stored nowhere (design: links in a stolen database)."""

import re
from hmac import compare_digest

from openmedspa.kit.house import House

FIRST_GENERATION = 1
TOKEN = re.compile(r"(?P<name>[a-z0-9]{1,64})\.[A-Za-z0-9_-]{22}")


def visit_link(house: House, gfe_id: str, generation: int = FIRST_GENERATION) -> str:
    """The address the patient opens; raising the visit's generation ends every link made before."""
    return f"{house.public_url}/visit/{visit_token(house, gfe_id, generation)}"


def visit_token(house: House, gfe_id: str, generation: int = FIRST_GENERATION) -> str:
    """The last part of that address."""
    return f"{gfe_id.removeprefix('gfe_')}.{house.vault.link_mac('visit', gfe_id, str(generation))}"


def visit_named(token: str) -> str | None:
    """Which visit a token says it is for; None when it is no token. It proves nothing yet."""
    match = TOKEN.fullmatch(token)
    return f"gfe_{match['name']}" if match else None


def is_genuine(house: House, token: str, gfe_id: str, generation: int) -> bool:
    """Whether we made this token for this visit and generation; takes as long for a near miss as for a far one."""
    return compare_digest(token.encode(), visit_token(house, gfe_id, generation).encode())
