"""Every URL of the partner API: method, path, door, which scope opens it, what goes in, what comes out."""

from openmedspa.kit.http import Open, Route
from openmedspa.partners import api as partners
from openmedspa.partners.bearer import Scopes
from openmedspa.partners.shapes import MeIn, MeOut, TokenIn, TokenOut

ANY_TOKEN = Scopes()

# Global paths stand before those of a practice: no practice is called `me`.
# fmt: off
PARTNER_API = [
    Route("POST",  "/v1/{PPass}/auth/token", partners.issue_token, Open(),    body=TokenIn, answer=TokenOut),
    Route("GET",   "/v1/me",                 partners.show_me,     ANY_TOKEN, answer=MeOut),
    Route("PATCH", "/v1/me",                 partners.change_me,   ANY_TOKEN, body=MeIn, answer=MeOut),
]
# fmt: on
