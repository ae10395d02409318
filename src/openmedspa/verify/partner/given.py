"""What whoever runs the partner API's checks knows of the server, and what a check may need of it. Pure."""

from msgspec import Struct

WORDS = {
    "prospects": "a key with the scope Prospects",
    "patients": "a key with the scope Patients",
    "products": "a key with the scope ProductPro.Products",
    "kb": "a key with the scope KB",
    "article": "an article in the knowledge base",
    "tickets": "a key with the scope Tickets",
    "provider": "a key with the scope Providers, and a provider",
    "visits": "a key with the scope Visits",
    "visit_type": "--visit-type, one that the practice has",
}


class Given(Struct, frozen=True, kw_only=True):
    """Keys and practices; "" for what is not known. What the server shows of itself is found out at the start."""

    ppass: str
    key: str
    prospects_key: str = ""  # of the same practice, with the scope `Prospects` and no other
    foreign_ppass: str = ""  # another practice
    foreign_key: str = ""  # which may work there
    ended_key: str = ""  # revoked or expired
    provider: int = 0  # the number of one who has time; unless given, found among those who are listed
    visit_type: str = "FOLLOWUP"  # "" when the practice has no such type
    timeout: float = 15.0  # seconds for an answer
    token: str = ""
    prospects_token: str = ""
    foreign_token: str = ""
    prospects: bool = False
    patients: bool = False
    products: bool = False
    kb: bool = False
    article: int = 0  # the number of one
    tickets: bool = False
    visits: bool = False

    def lacks(self, needs: tuple[str, ...]) -> str | None:
        """The first thing needed and not there, in words."""
        for need in needs:
            if not getattr(self, need):
                return WORDS.get(need) or "--" + need.replace("_", "-")
        return None
