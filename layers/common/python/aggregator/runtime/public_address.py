"""Which IP addresses are the internet's. Standard library only; `ipaddress` would cost a start three milliseconds.

An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is what it is without.
Source: IANA's special-purpose address registries for IPv4 and IPv6.
"""

import socket

_NOT_PUBLIC = [
    (int.from_bytes(socket.inet_aton(network), "big") >> 32 - bits, 32 - bits)
    for network, bits in (
        ("0.0.0.0", 8),  # noqa: S104 (refused, not bound)
        ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8), ("169.254.0.0", 16),
        ("172.16.0.0", 12), ("192.0.0.0", 24), ("192.0.2.0", 24), ("192.88.99.0", 24), ("192.168.0.0", 16),
        ("198.18.0.0", 15), ("198.51.100.0", 24), ("203.0.113.0", 24), ("224.0.0.0", 3),
    )
]  # fmt: skip
_MAPPED = bytes(10) + b"\xff\xff"
_NAT64 = bytes.fromhex("0064ff9b") + bytes(8)
_SIX_TO_FOUR = b"\x20\x02"
_NOT_GLOBAL_UNICAST = (b"\x20\x01\x0d\xb8", b"\x3f\xff")


def is_public(address: str) -> bool:
    """Whether an IP address can be somebody's on the internet.

    Raises:
        OSError: `address` is none.
    """
    packed = _packed(address)
    if len(packed) == 4:
        number = int.from_bytes(packed, "big")
        return not any(number >> shift == network for network, shift in _NOT_PUBLIC)
    if packed.startswith(_SIX_TO_FOUR):
        return is_public(socket.inet_ntoa(packed[2:6]))
    protocol_assignments = packed.startswith(b"\x20\x01") and packed[2] < 2
    return (
        0x20 <= packed[0] < 0x40 and not protocol_assignments and not packed.startswith(_NOT_GLOBAL_UNICAST)
    )


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine itself.

    Raises:
        OSError: `address` is none.
    """
    packed = _packed(address)
    return packed[0] == 127 if len(packed) == 4 else packed == bytes(15) + b"\1"


def may_be_called(address: str, *, this_machine: bool) -> bool:
    """Whether an IP address is the internet's, or this machine's own where `this_machine` allows that.

    Raises:
        OSError: `address` is none.
    """
    return is_public(address) or (this_machine and is_loopback(address))


def _packed(address: str) -> bytes:
    """The address as 4 or 16 bytes; one that stands for an IPv4 address as that."""
    plain = address.partition("%")[0]
    if ":" not in plain:
        return socket.inet_pton(socket.AF_INET, plain)
    packed = socket.inet_pton(socket.AF_INET6, plain)
    return packed[12:] if packed[:12] in (_MAPPED, _NAT64) else packed
