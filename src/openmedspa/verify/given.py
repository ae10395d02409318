"""What whoever runs the checks knows of the server, and what a check may need of it. Pure."""

from msgspec import Struct

FLAGS = (
    "second_location", "foreign_location", "foreign_gfe", "narrow_key", "scopeless_key", "ended_key", "other_key",
    "alias", "secret", "header_secret",
)  # fmt: skip
WORDS = {
    "staging": "a staging server: its /staging calls bring a visit to its end",
    "webhooks": "webhooks: --receive with an address the server can reach",
    "treatments": "a catalogue with three treatments",
}


class Given(Struct, frozen=True, kw_only=True):
    """Ids, keys and secrets; "" for what is not known. What the server shows of itself is found out at the start."""

    key: str
    location: str
    second_location: str = ""  # also granted, of the same EMR
    foreign_location: str = ""  # exists, not granted
    foreign_gfe: str = ""  # a visit there
    narrow_key: str = ""  # of the same EMR, for `location` only
    scopeless_key: str = ""  # without the scope `Exams`
    ended_key: str = ""  # revoked or expired
    other_key: str = ""  # well-formed, of the other environment
    alias: str = ""  # "Tox=Botox Injection": another word for a treatment
    secret: str = ""  # whsec_…
    header_secret: str = ""
    timeout: float = 15.0  # seconds for an answer
    patience: float = 20.0  # seconds for a webhook, or for what the server does by itself
    staging: bool = False
    webhooks: bool = False
    treatments: tuple[tuple[str, str], ...] = ()  # (id, name) of the first three

    def lacks(self, needs: tuple[str, ...]) -> str | None:
        """The first thing needed and not there, in words."""
        for need in needs:
            if not getattr(self, need):
                return WORDS.get(need) or "--" + need.replace("_", "-")
        return None
