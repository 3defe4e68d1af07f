"""Whose address a request comes from, as far as anybody's word can be taken for it."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What one subscriber is given at least (RFC 6177 §2): whoever has one address of a /64 has all of them.
IPV6_SUBSCRIBER_BITS: Final = 64


def client_address(
    peer: str | None, forwarded_for: str | None, stated: Address | None, trusted: Iterable[Network]
) -> Address | None:
    """`peer`: who opened the connection; `forwarded_for`: X-Forwarded-For, where it is sent; `stated`: by the body.

    Only a trusted peer is believed anything, and its header before the body: a gateway that writes the one may pass on
    the other as it came. None: there is no telling, as behind a Unix socket.
    """
    networks = tuple(trusted)
    connected = _parse(peer or "")
    if connected is None or not _within(connected, networks):
        return connected
    if forwarded_for is not None:
        return _forwarded(forwarded_for.split(","), networks) or connected
    return normal(stated) if stated else connected


def client_network(address: Address) -> str:
    """The network that counts as one client: the IPv4 address, or the /64 of an IPv6 one."""
    known = normal(address)
    if isinstance(known, IPv4Address):
        return str(known)
    return str(IPv6Network((known, IPV6_SUBSCRIBER_BITS), strict=False))


def normal(address: Address) -> Address:
    """Without an IPv6 zone, and as IPv4 where it is an IPv4-mapped one (RFC 4291 §2.5.5.2)."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def _forwarded(entries: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """The first from the right that is none of our proxies. Each proxy vouches for what it has appended, so what
    stands left of anything else may be made up: the search ends there."""
    for entry in reversed(entries):
        address = _parse(_without_port(entry.strip()))
        if address is None or not _within(address, trusted):
            return address
    return None


def _without_port(entry: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write it."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _parse(text: str) -> Address | None:
    try:
        return normal(ip_address(text))
    except ValueError:
        return None


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
