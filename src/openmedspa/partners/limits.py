"""How often a key may call, and an address that has no good key. Per process; says so in the answer's headers.

Header fields: the IETF draft's `RateLimit` and `RateLimit-Policy`, and the three older ones that most clients know.
"""

from ipaddress import IPv6Address, ip_address
from time import monotonic

from openmedspa.kit.buckets import Buckets, Taken
from openmedspa.kit.errors import TooMany
from openmedspa.kit.http import Incoming
from openmedspa.partners.keys import Grant

# An address: for asking for tokens, and for calls whose key or token is no good.
ADDRESS_PER_SECOND, ADDRESS_BURST = 100, 1_000
IPV6_SUBSCRIBER_BITS = 64  # one subscriber has all of these addresses


def count_call(incoming: Incoming, grant: Grant) -> None:
    """One call of this key. TooMany when it has none left; 0 a second means no limit."""
    if not grant.per_second:
        return
    taken = incoming.house.buckets.take(
        ("key", grant.key_id), per_second=grant.per_second, burst=grant.burst, now=monotonic()
    )
    incoming.answer_headers += _headers(taken, "key", grant.burst, grant.per_second)
    if not taken.is_granted:
        raise _too_many(taken, f"This key may make {_calls(grant.per_second)} a second, {grant.burst} at once.")


def count_stranger(incoming: Incoming) -> None:
    """One call of an address that has shown no good key. TooMany when it has none left."""
    taken = _of_address(incoming, cost=1)
    if not taken.is_granted:
        raise _too_many_from_address(taken)


def require_welcome(incoming: Incoming) -> None:
    """TooMany for an address that has used up its calls without a good key; counts none."""
    taken = _of_address(incoming, cost=0)
    if not taken.is_granted:
        raise _too_many_from_address(taken)


def _of_address(incoming: Incoming, *, cost: int) -> Taken:
    buckets: Buckets = incoming.house.buckets
    name = ("address", subscriber(incoming.address))
    return buckets.take(name, per_second=ADDRESS_PER_SECOND, burst=ADDRESS_BURST, now=monotonic(), cost=cost)


def subscriber(address: str) -> str:
    """Who is counted as one: an address, or the block of them that a network hands out to one subscriber."""
    parsed = ip_address(address) if address else None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:  # as a socket of both families names an old address
        return str(parsed.ipv4_mapped)
    if isinstance(parsed, IPv6Address):
        return str(int(parsed) >> (128 - IPV6_SUBSCRIBER_BITS))
    return address


def _headers(taken: Taken, name: str, burst: int, per_second: int) -> list[tuple[bytes, bytes]]:
    window = -(-burst // per_second)
    return [
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name.encode(), burst, window)),
        (b"ratelimit", b'"%b";r=%d;t=%d' % (name.encode(), taken.left, taken.full_seconds)),
        (b"ratelimit-limit", b"%d" % burst),
        (b"ratelimit-remaining", b"%d" % taken.left),
        (b"ratelimit-reset", b"%d" % taken.full_seconds),
    ]


def _too_many(taken: Taken, detail: str) -> TooMany:
    return TooMany("Too many requests", detail, retry_after_seconds=max(1, taken.next_seconds))


def _calls(count: int) -> str:
    return f"{count} call" if count == 1 else f"{count} calls"


def _too_many_from_address(taken: Taken) -> TooMany:
    return _too_many(taken, "Too many calls without a valid key came from your address.")
