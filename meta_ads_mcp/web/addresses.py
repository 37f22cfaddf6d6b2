"""Tell public web addresses from those that must never be reached on somebody's behalf.

An address in an argument may come from an advertiser, a page or a model: it must not lead to this machine, to its
network or to a cloud's metadata service.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

HTTPS_PORT = 443
# Software disagrees on what these mean in an address.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff]")
# No address holds them: they end a line in a header, or hide a part of the address from its reader.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_LOCAL_DOMAINS = (".local", ".internal", ".localhost")
# A host whose last label is a number is an IPv4 address to most software, in forms of which only one is spoken here.
_NUMERIC_END = re.compile(r"(.*\.)?([0-9]+|0[xX][0-9a-fA-F]*)")

# IANA's special-purpose registry of IPv4 (RFC 6890 and successors), multicast and reserved; and Azure's metadata host,
# which has a public address. A list, because `is_global` differs between versions of Python.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
        "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"
    ).split()
)
# Global unicast alone is public: IPv4-mapped, NAT64, unique-local, link-local and multicast addresses lie outside.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
# Inside it: protocol assignments with Teredo, benchmarking and ORCHID; documentation; 6to4, which carries an IPv4.
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet. Anything that is no address is not."""
    try:
        parsed_address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed_address, ipaddress.IPv4Address):
        return not any(parsed_address in block for block in _CLOSED_V4)
    return parsed_address in _OPEN_V6 and not any(parsed_address in block for block in _CLOSED_V6)


def may_be_public(host: str) -> bool:
    """Return whether the name of a host looks public. It may still resolve to a private address."""
    host = host.rstrip(".").lower()
    if ":" in host or _NUMERIC_END.fullmatch(host):
        return is_public(host)
    return "." in host and host not in _LOCAL_NAMES and not host.endswith(_LOCAL_DOMAINS)


def public_url(value: str) -> str:
    """Check that a URL is a public https one, without resolving its host. Raises ValueError."""
    if _INVISIBLE.search(value):
        raise ValueError("must not hold control or invisible characters")
    url = urlsplit(value)
    if url.scheme != "https" or not url.hostname or "@" in url.netloc:
        raise ValueError("must be a public https:// URL")
    if not may_be_public(url.hostname):
        raise ValueError("must be a public https:// URL, not one of a private network or of this machine")
    return value


def file_url(value: str) -> str:
    """Check the URL of a file to fetch: public, on the usual port, unambiguous. Raises ValueError."""
    if _AMBIGUOUS.search(value):
        raise ValueError("an address has no blanks, control characters or backslashes")
    if urlsplit(public_url(value)).port not in (None, HTTPS_PORT):
        raise ValueError("the address of a file names no port")
    return value


PublicUrl = Annotated[str, Field(max_length=2000), AfterValidator(public_url)]
FileUrl = Annotated[str, Field(max_length=2000), AfterValidator(file_url)]
