"""Which URLs and addresses of other people's servers may be called. Pure: asks no name server, opens nothing."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from yarl import URL

URL_LIMIT = 2048

Address = IPv4Address | IPv6Address

# Written out, not taken from `ipaddress.is_global`: that one changes with the Python version and lets multicast pass.
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # this network, private
        *("169.254.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "168.63.129.16/32"),  # metadata services live in each
        *("192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),  # documentation, benchmarks
        *("192.88.99.0/24", "192.52.193.0/24", "192.31.196.0/24", "192.175.48.0/24"),  # relays and sinks run by anybody
        *("224.0.0.0/4", "240.0.0.0/4"),  # multicast, reserved, broadcast
        *("2001::/23", "2002::/16"),  # Teredo, ORCHID, benchmarks, relays; 6to4, which carries any IPv4 address
        *("2001:db8::/32", "3fff::/20", "3ffe::/16", "2620:4f:8000::/48"),  # documentation, the 6bone, a sink
    )
]
# What is not global unicast is refused by not being in here: loopback, fc00::/7 (with AWS's fd00:ec2::254), link-local,
# site-local, multicast, IPv4-compatible, discard-only, local NAT64 (64:ff9b:1::/48), segment routing.
_PUBLIC_6 = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<user>[^/?]*@)?(?P<host>\[[0-9a-f:.]+\]|[^/?:@%\[\]]+)(?P<port>:[0-9]{1,5})?(?:[/?].*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE | re.ASCII)
# Browsers and C libraries read any host that ends so as an IPv4 address: 127.1, 0x7f.1, 2130706433.
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE | re.ASCII)


def is_public(address: Address) -> bool:
    """Whether this address means one machine of the open internet; special, local and ambiguous ones do not."""
    if isinstance(address, IPv4Address):
        return not _is_in(address, _NOT_PUBLIC)
    if address.scope_id is not None:
        return False
    if address in _MAPPED or address in _NAT64:  # NAT64 is how an IPv6-only machine reaches a public IPv4 address
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    isatap = (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE  # carries any IPv4 address, under any prefix
    return address in _PUBLIC_6 and not isatap and not _is_in(address, _NOT_PUBLIC)


def _is_in(address: Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def may_connect(address: Address, *, allow_loopback: bool) -> bool:
    """The rule at connecting: public, or exactly loopback where that is allowed."""
    return is_public(address) or (allow_loopback and _is_in(address, _LOOPBACK))


def check_url(url: str, *, production: bool, allow_loopback: bool) -> None:
    """Raise ValueError with one sentence when this URL may not be registered; asks no name server.

    An IPv4 address in an unusual spelling (2130706433, 0177.0.0.1, 127.1) is refused even when public: two readers
    of one URL must not see two hosts.
    """
    scheme, host = _parts(url)
    literal = _literal(host)
    loopback = _is_in(literal, _LOOPBACK) if literal else f".{host.lower().rstrip('.')}".endswith(".localhost")
    if loopback and not allow_loopback:
        raise ValueError("The URL must not point to this machine (localhost).")
    if production and literal and not may_connect(literal, allow_loopback=allow_loopback):
        raise ValueError(f"The URL's address must be public; {literal} is not.")
    if production and scheme != "https":
        raise ValueError("The URL must start with https://.")


def _parts(url: str) -> tuple[str, str]:
    """Scheme and host, once the spelling leaves no doubt."""
    if len(url) > URL_LIMIT:
        raise ValueError(f"The URL must be at most {URL_LIMIT:,} characters long.")
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in url):
        raise ValueError("The URL must not contain spaces, control characters or backslashes.")
    if "#" in url:
        raise ValueError("The URL must not have a fragment (#…).")
    shape = _URL.fullmatch(url)
    if shape is None:
        raise ValueError("The URL must start with http:// or https://, a valid host and, if any, a valid port.")
    if shape["user"] is not None:
        raise ValueError("The URL must not contain a user name or password.")
    if shape["port"] and not 1 <= int(shape["port"][1:]) <= 65535:
        raise ValueError("The URL's port must be a number from 1 to 65535.")
    return shape["scheme"].lower(), _host(url, bracketed=shape["host"].startswith("["))


def _host(url: str, *, bracketed: bool) -> str:
    try:
        host = URL(url).raw_host or ""  # aiohttp's own parser: what is judged is what will be called
        for label in host.lower().split("."):
            if label.startswith("xn--"):
                label[4:].encode("ascii").decode("punycode").encode()
    except ValueError:
        host = ""
    if not (":" in host if bracketed else len(host) <= 253 and _NAME.fullmatch(host)):
        raise ValueError("The URL must have a valid host.")
    return host


def _literal(host: str) -> Address | None:
    try:
        if ":" in host:
            return IPv6Address(host)
        return IPv4Address(host) if _ENDS_IN_A_NUMBER.fullmatch(host) else None
    except ValueError:
        raise ValueError("The URL's host must be a name, or an address in its usual form (198.51.100.7).") from None
