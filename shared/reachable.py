"""Whether somebody listens at an address; nothing is sent."""

import asyncio
import contextlib
from typing import Final

KNOCK_TIMEOUT_S: Final = 1.0


async def reachable(address: str, default_port: int = 9092) -> bool:
    """`address` is `host:port` or `host`."""
    host, _, port = address.strip().rpartition(":")
    if not host:
        host, port = port, str(default_port)
    try:
        async with asyncio.timeout(KNOCK_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError):  # TimeoutError is an OSError
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
