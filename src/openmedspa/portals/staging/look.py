"""/staging/look: every part that pages are made of, with invented words, to be judged by eye."""

from datetime import timedelta

from openmedspa.accounts.sessions import by_secret
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View
from openmedspa.portals.layout.charts import Amount, bars
from openmedspa.portals.layout.frame import frame
from openmedspa.portals.layout.listing import Column, listing

COLUMNS = [
    Column("name", "Name"),
    Column("status", "Status"),
    Column("calls", "Calls", is_number=True),
    Column("at", "Last used"),
]
NAMES = ("Glow EMR", "Larkspur Front Desk", "Quillhaven Bookings", "<img src=x onerror=alert(1)>", "=cmd()")
WEEK = ((1200, 31), (1450, 12), (900, 0), (0, 0), (2100, 240), (1800, 9), (640, 2))


async def show(call: Call[None]) -> View:
    """The parts, by day or by night as the browser has it."""
    rows = [
        {"name": name, "status": ("Active", "Expires soon", "Revoked")[number % 3], "calls": 1234 * number,
         "at": call.now - timedelta(hours=7 * number) if number else None}
        for number, name in enumerate(NAMES)
    ]  # fmt: skip
    week = [
        Amount(f"Day {number}", f"Day {number}: {calls:,} calls, {errors} errors", calls, errors)
        for number, (calls, errors) in enumerate(WEEK, start=1)
    ]
    values = {
        "frame": frame(call.house, by_secret(), "/admin"),
        "table": listing(rows, COLUMNS, call.query, address="/staging/look", per_page=4),
        "bare": listing([], COLUMNS, {}, address="/staging/look"),
        "bars": bars(week),
        "at": call.now,
    }
    return View("staging/look.html", values)
