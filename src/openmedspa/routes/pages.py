"""Every page of the product: method, path, door, who may open it, the form that it takes."""

from openmedspa.kit.pages import Page
from openmedspa.partners.keys import Environment

# fmt: off
PATIENT: list[Page] = [
]

DOCS: list[Page] = [
]

# What carriers call: no pages, and no API of ours.
HOOKS: list[Page] = [
]

# In production these paths do not exist.
STAGING: list[Page] = [
]
# fmt: on


def page_table(environment: Environment) -> list[Page]:
    """The table of this environment."""
    pages = PATIENT + DOCS + HOOKS
    return pages if environment == "production" else pages + STAGING
