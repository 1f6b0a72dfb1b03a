"""Which addresses may be asked: of named hosts only, spelled as a browser spells them, and at public places of the internet.

Nothing here does I/O.
"""

import ipaddress
import re
from dataclasses import dataclass, field

import httpx2

from rag.documents.limits import DocumentError, Limits, Refusal

_URL_CHARS = 2000
_ODD = re.compile(r"[\\\x00-\x1f\x7f]")  # read in different ways by different programs
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|\d+)")  # what some resolvers read as an address: 2130706433, 0177.1
# Public only by the letter of Python 3.11's tables: relays, protocol assignments, translations of other addresses.
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
_UNICAST = ipaddress.ip_network("2000::/3")  # NAT64, IPv4-mapped, ULA, link-local and multicast lie outside


@dataclass(frozen=True, slots=True)
class FetchRules:
    """What may be fetched, and how it is asked for. `hosts` are names, or ".gov.vn" for every name below gov.vn.

    `allow_private` is for an intranet whose operator names it in `hosts`, and for tests.
    """

    hosts: frozenset[str]
    ports: frozenset[int] = frozenset({80, 443})
    allow_private: bool = False
    size_bytes: int = field(default_factory=lambda: Limits().file_bytes)
    total_s: float = 60.0  # of each request, from looking up the name to the last byte
    pause_s: float = 2.0  # between two requests to one host
    patience_s: float = 60.0  # the longest pause that a host may ask for (Crawl-delay, Retry-After)

    def allows(self, host: str) -> bool:
        """Tell whether a host (ASCII, lower case) is on the list."""
        return host in self.hosts or any(entry[:1] == "." and host.endswith(entry) for entry in self.hosts)

    def check(self, url: str, base: httpx2.URL | None = None) -> httpx2.URL:
        """Return the parsed address, seen from `base` if given. Raises DocumentError for one that may not be asked."""
        if len(url) > _URL_CHARS or _ODD.search(url):
            raise forbidden(f"{url[:80]!r} is no address as a browser writes it")
        try:
            parsed = base.join(url) if base else httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError) as error:
            raise forbidden(f"{url[:80]!r} is no address: {error}") from error
        host = parsed.raw_host.decode("ascii")
        if parsed.scheme not in {"http", "https"}:
            raise forbidden(f"{parsed.scheme or 'no scheme'}:, expected http or https")
        if parsed.userinfo:
            raise forbidden("a name or password stands in the address")
        if not _is_plain(host):
            raise forbidden(f"{host[:80]!r} is no host name as a browser writes it")
        if port_of(parsed) not in self.ports:
            raise forbidden(f"port {port_of(parsed)}")
        if not self.allows(host):
            raise forbidden(f"{host} is not among the hosts that may be asked")
        return parsed.copy_with(fragment=None)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that anybody on the internet may have a server at.

    None of the spellings of another address is: IPv4-mapped, 6to4, Teredo, NAT64.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(ip.version == network.version and ip in network for network in _NOT_PUBLIC):
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.scope_id or ip not in _UNICAST):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _is_plain(host: str) -> bool:
    """Tell whether a host is a name or an address in the one usual spelling."""
    try:
        return str(ipaddress.ip_address(host)) == host and "%" not in host
    except ValueError:
        return bool(_HOST.fullmatch(host)) and not _NUMERIC.fullmatch(host) and len(host) <= 253


def port_of(url: httpx2.URL) -> int:
    """Return the port of an address, the usual one where it names none."""
    return url.port or (443 if url.scheme == "https" else 80)


def forbidden(detail: str) -> DocumentError:
    """Return the refusal of an address."""
    return DocumentError(Refusal.FORBIDDEN_ADDRESS, detail)
