"""The patient's link: derived from the secret key when needed, stored nowhere (design: links in a stolen database)."""

from openmedspa.kit.house import House

FIRST_GENERATION = 1


def visit_link(house: House, gfe_id: str, generation: int = FIRST_GENERATION) -> str:
    """The address the patient opens; raising the visit's generation ends every link made before."""
    name = gfe_id.removeprefix("gfe_")
    return f"{house.public_url}/visit/{name}.{house.vault.link_mac('visit', gfe_id, str(generation))}"
