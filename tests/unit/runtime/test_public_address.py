"""Which addresses are the internet's: checked against the standard library's own tables."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.runtime.public_address import is_loopback, is_public

numbers = st.integers(0, 2**32 - 1)
near_a_border = st.builds(
    lambda network, step: (int(IPv4Address(network)) + step) % 2**32,
    st.sampled_from(
        # every network's first address, and the first behind it
        [
            *("0.0.0.0", "1.0.0.0", "10.0.0.0", "11.0.0.0", "100.64.0.0", "100.128.0.0"),  # noqa: S104
            *("127.0.0.0", "128.0.0.0", "169.254.0.0", "169.255.0.0", "172.16.0.0", "172.32.0.0"),
            *("192.168.0.0", "192.169.0.0", "198.18.0.0", "198.20.0.0", "224.0.0.0", "240.0.0.0"),
        ]
    ),
    st.integers(-3, 3),
)


def known(address: IPv4Address) -> bool:
    """What the standard library says, and 6to4's relays, which nobody should call either."""
    return address.is_global and not address.is_multicast and not str(address).startswith("192.88.99.")


@settings(max_examples=2_000)
@given(numbers | near_a_border)
def test_an_ipv4_address_is_public_where_ianas_tables_say_so(number: int) -> None:
    address = IPv4Address(number)
    # A few single addresses of 192.0.0.0/24 are global; nobody serves models there.
    expected = known(address) and not str(address).startswith("192.0.0.")

    assert is_public(str(address)) is expected
    assert is_public(f"::ffff:{address}") is expected
    assert is_public(f"64:ff9b::{address}") is expected
    assert is_public(str(IPv6Address((0x2002 << 112) | (number << 80) | 1))) is expected
    assert is_loopback(str(address)) is address.is_loopback


@given(st.integers(0, 2**128 - 1) | st.integers(0x20 << 120, (0x40 << 120) - 1))
def test_an_ipv6_address_is_never_public_where_ianas_tables_say_it_is_not(number: int) -> None:
    address = IPv6Address(number)

    assert is_loopback(str(address)) is (
        address.is_loopback or bool(address.ipv4_mapped and address.ipv4_mapped.is_loopback)
    )
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "162.159.140.245", "2606:4700:4406::1", "2a00:1450:4001:82a::200a"]
)
def test_providers_are_reached(address: str) -> None:
    assert is_public(address)
    assert not is_loopback(address)


@pytest.mark.parametrize(
    "address", ["::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "::", "ff02::1", "2001:db8::1"]
)
def test_what_is_of_this_network_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "0x7f000001", "1.2.3.4.5"])
def test_what_is_no_address_is_a_defect(text: str) -> None:
    with pytest.raises(OSError, match="illegal IP"):
        is_public(text)
