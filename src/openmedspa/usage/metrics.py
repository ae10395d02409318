"""GET /metrics: figures for Prometheus, the same whichever process answers, and a few of the one that does.

No figure is about a patient, a practice or a partner: only about routes, queues and this server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hmac import compare_digest
from itertools import groupby
from typing import Any

from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from openmedspa import __version__
from openmedspa.accounts import sessions
from openmedspa.kit.db import Row
from openmedspa.kit.errors import NotFound, Unauthorized
from openmedspa.kit.house import House
from openmedspa.kit.http import Call, Incoming
from openmedspa.kit.pages import Raw
from openmedspa.usage.queries import metrics as queries

BUCKETS = {"0.005": "in_5ms", "0.025": "in_25ms", "0.1": "in_100ms", "0.5": "in_500ms", "2.5": "in_2500ms"}
# Name, what it says, and its column among what stands now.
STANDING = [
    ("openmedspa_deliveries_waiting", "Webhook deliveries that are still to be sent.", "deliveries"),
    ("openmedspa_deliveries_oldest_seconds", "Age of the oldest of them; 0 without one.", "delivery_seconds"),
    ("openmedspa_messages_waiting", "E-mails and texts that are still to be sent.", "messages"),
    ("openmedspa_messages_oldest_seconds", "Age of the oldest of them; 0 without one.", "message_seconds"),
    ("openmedspa_live_keys", "API keys that open something.", "live_keys"),
]


class Scraper(Struct, frozen=True):
    """A program with the metrics token, or the admin secret. Without either in the settings there is nothing here."""

    is_form = False
    is_system = False

    async def admit(self, incoming: Incoming, _path: Mapping[str, str]) -> None:
        """NotFound where nobody may ask, Unauthorized for another secret; guesses are counted."""
        house = incoming.house
        if not (house.metrics_token or house.admin_secret):
            raise NotFound("Page not found", "There is nothing at this address.")
        scheme, _, secret = incoming.header(b"authorization").partition(" ")
        secret = secret.strip() if scheme.lower() == "bearer" else ""
        is_token = bool(house.metrics_token) and compare_digest(secret.encode(), house.metrics_token.encode())
        if not is_token and not (secret and await sessions.find_bearer(incoming, secret)):
            raise Unauthorized(
                "Authorization is missing or wrong",
                "Send Authorization: Bearer and the metrics token (OPENMEDSPA_METRICS_TOKEN).",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def scope(self, _grant: None) -> Sequence[int]:
        return ()

    def csrf_seed(self, _grant: None) -> None:
        return None


async def show(call: Call[None]) -> Raw:
    """Every figure, as Prometheus reads it."""
    house = call.house
    totals, standing = await queries.list_totals(house.system), await queries.get_standing(house.system)
    families = [*_calls(totals), *_standing(standing), *_process(house), _info(house)]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    return Raw(generate_latest(registry), CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"})


class _Collected:
    """What prometheus-client calls a collector: figures that were gathered already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        return self._families


def _calls(totals: Sequence[Row]) -> Iterator[Metric]:
    counted = CounterMetricFamily("openmedspa_calls", "Calls on both APIs.", labels=["method", "route", "status"])
    for row in totals:
        counted.add_metric([row["method"], row["route"], str(row["status"])], row["calls"])
    yield counted
    took = HistogramMetricFamily("openmedspa_call_duration_seconds", "How long calls took.", labels=["method", "route"])
    for labels, rows in groupby(totals, key=lambda row: (row["method"], row["route"])):
        _add_route(took, labels, list(rows))
    yield took


def _add_route(took: HistogramMetricFamily, labels: Sequence[str], rows: Sequence[Row]) -> None:
    """A route's statuses together; each bucket holds those before it."""
    buckets: list[Any] = [(limit, sum(row[column] for row in rows)) for limit, column in BUCKETS.items()]
    buckets.append(("+Inf", sum(row["calls"] for row in rows)))
    took.add_metric(labels, buckets, sum(row["duration_us"] for row in rows) / 1e6)


def _standing(row: Row) -> Iterator[Metric]:
    lost = CounterMetricFamily("openmedspa_calls_not_recorded", "Calls that were answered and not written down.")
    lost.add_metric([], row["not_recorded"])
    yield lost
    for name, words, column in STANDING:
        yield GaugeMetricFamily(name, words, value=row[column])


def _process(house: House) -> Iterator[Metric]:
    """Of the process that answers: with several, each scrape may meet another."""
    pool = house.db.pool
    open_now, idle = pool.get_size(), pool.get_idle_size()
    connections = GaugeMetricFamily(
        "openmedspa_process_connections", "Database connections of the process that answered.", labels=["state"]
    )
    connections.add_metric(["used"], open_now - idle)
    connections.add_metric(["idle"], idle)
    yield connections
    for name, words, value in (
        ("max_connections", "How many it may open.", pool.get_max_size()),
        ("calls_waiting", "Calls that the process which answered has yet to write down.", len(house.calls)),
    ):
        yield GaugeMetricFamily(f"openmedspa_process_{name}", words, value=value)


def _info(house: House) -> Metric:
    environment = "production" if house.is_production else "staging"
    return InfoMetricFamily("openmedspa", "This server.", value={"version": __version__, "environment": environment})
