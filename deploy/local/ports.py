"""Which port is whose, and a clear word when one is taken."""

import contextlib
import secrets
import socket
from collections.abc import Mapping

import psutil

LOOPBACK = "127.0.0.1"
OFFSETS = {
    "auth": 1,
    "otp": 2,
    "notifier": 3,
    "rollout": 4,
    "mailbox": 25,
    "postgres": 32,
    "redis": 79,
    "kafka": 92,
    "kafka-controller": 93,
}
HIGHEST_BASE = 65_535 - max(OFFSETS.values())


class PortTaken(Exception):
    """Somebody else listens on a port that we need; the message names the part, the port and, if we may know, whom."""


def port_plan(base: int) -> dict[str, int]:
    """Part name to port. Raises ValueError when `base` leaves the range of ports."""
    if not 1 <= base <= HIGHEST_BASE:
        raise ValueError(f"the port base must be between 1 and {HIGHEST_BASE}, not {base}")
    return {name: base + offset for name, offset in OFFSETS.items()}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is no obstacle
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def ensure_free(ports: Mapping[str, int]) -> None:
    """Raises PortTaken, naming every port of `ports` (part name to port) that cannot be bound."""
    taken = [
        f"port {port}, needed for {name}, is taken{_by_whom(port)}" for name, port in ports.items() if not is_free(port)
    ]
    if taken:
        raise PortTaken("\n".join(taken))


def free_port() -> int:
    """A port that was free a moment ago; for tests that start one part alone.

    Below the range from which the kernel takes the ports of outgoing connections (32768 and up on Linux): one of
    those may be taken between the look and the start.
    """
    while not is_free(port := secrets.randbelow(20_000) + 10_000):
        pass
    return port


def _by_whom(port: int) -> str:
    with contextlib.suppress(psutil.Error):  # macOS asks for root
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f" by process {connection.pid} ({' '.join(psutil.Process(connection.pid).cmdline())[:120]})"
    return ""
