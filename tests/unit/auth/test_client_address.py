"""Only a trusted peer is believed, and of a header only what a trusted proxy has appended."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.domain.client_address import Address, client_address, client_network

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
outside = st.ip_addresses(v=4, network="192.0.2.0/24")
headers = st.none() | st.text()
inside = st.ip_addresses(v=4, network="10.0.0.0/8")


def of(peer: str | None, forwarded_for: str | None = None, stated: str | None = None) -> str | None:
    found = client_address(peer, forwarded_for, ip_address(stated) if stated else None, TRUSTED)
    return str(found) if found else None


@given(outside, headers, st.none() | addresses)
def test_a_stranger_is_himself_whatever_he_says(peer: IPv4Address, header: str | None, stated: Address | None) -> None:
    assert client_address(str(peer), header, stated, TRUSTED) == peer


@given(addresses, headers, addresses)
def test_without_trusted_networks_nobody_is_believed(peer: Address, header: str | None, stated: Address) -> None:
    assert client_address(str(peer), header, stated, ()) in (peer, getattr(peer, "ipv4_mapped", None))


@given(outside)
def test_a_trusted_peer_without_the_header_is_believed_what_it_states(stated: IPv4Address) -> None:
    assert client_address(PROXY, None, stated, TRUSTED) == stated


@given(st.text(), outside, st.lists(inside, max_size=4), st.none() | addresses)
def test_what_a_client_puts_into_header_or_body_changes_nothing(
    forged: str, client: IPv4Address, proxies: list[IPv4Address], stated: Address | None
) -> None:
    header = ", ".join([forged, str(client), *map(str, proxies)])

    assert client_address(PROXY, header, stated, TRUSTED) == client


@pytest.mark.parametrize("header", ["", "unknown", "198.51.100.1, unknown", "10.1.1.1"])
def test_a_header_that_names_nobody_leaves_the_peer_and_not_what_the_body_says(header: str) -> None:
    assert of(PROXY, header, "203.0.113.9") == PROXY


@given(st.text(), headers, st.none() | addresses)
def test_no_text_breaks_it(peer: str, header: str | None, stated: Address | None) -> None:
    client_address(peer, header, stated, TRUSTED)


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, "203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.1, 203.0.113.9, 10.1.1.1, 10.2.2.2", "203.0.113.9"),
        (PROXY, "10.1.1.1, 10.2.2.2", PROXY),  # nobody from outside
        (PROXY, "203.0.113.9:4711", "203.0.113.9"),
        (PROXY, "[2001:db8::1]:4711", "2001:db8::1"),
        (PROXY, "[2001:db8::1]", "2001:db8::1"),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, "198.51.100.1, unknown", PROXY),  # a proxy of ours that does not know: what is left may be made up
        (PROXY, "198.51.100.1, 203.0.113.999", PROXY),
        (PROXY, "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("fd00::1%eth0", "203.0.113.9", "203.0.113.9"),
        (STRANGER, "198.51.100.1", STRANGER),
        (None, "203.0.113.9", None),  # a Unix socket: nobody can be checked
        ("", "203.0.113.9", None),
        ("testclient", "203.0.113.9", None),
    ],
)
def test_each_way_in_has_its_address(peer: str | None, header: str | None, expected: str | None) -> None:
    assert of(peer, header) == expected


def test_a_mapped_address_is_stated_as_what_it_is() -> None:
    assert of(PROXY, stated="::ffff:203.0.113.9") == "203.0.113.9"
    assert of(None, stated="203.0.113.9") is None
    assert of(STRANGER, stated="198.51.100.1") == STRANGER


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_one_subscriber_counts_as_one(address: str, expected: str) -> None:
    assert client_network(ip_address(address)) == expected


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_subscriber_are_one(one: int, other: int) -> None:
    prefix = int(ip_address("2001:db8::"))

    assert client_network(IPv6Address(prefix + one)) == client_network(IPv6Address(prefix + other))
    assert client_network(IPv6Address(prefix + one)) != client_network(IPv6Address(prefix + 2**64 + one))
