"""Reports what became of mails, as SendGrid's event webhook does: signed, in batches, and again until it is taken."""

import asyncio
import base64
import json
import random
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Self

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from deploy.local.sendgrid_double.delivery_events import Event

WEBHOOK_KEY = "SENDGRID_WEBHOOK_KEY"  # the variable that holds the key
EVERY_S = 0.2  # SendGrid: about a second
MOST_PER_BATCH = 1_000
MOST_WAITING = 100_000
ANSWER_S = 10.0
# SendGrid goes on for 24 hours; this is enough for a service that is started anew.
PAUSES_S = (0.5, 1, 2, 4, 8, 15, 30, 30, 30, 30)


class EventWebhook:
    """`key`: base64 DER of a private key of P-256. A context manager: leaving it drops what is not told yet."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        private = load_der_private_key(base64.b64decode(key), password=None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        self._key = private
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._tasks: set[asyncio.Task[None]] = set()
        self._shuffled = False

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        self._spawn(self._tell_for_ever())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()

    def tell(self, events: Sequence[Event], delay_s: float, *, shuffled: bool) -> None:
        """`shuffled`: the batch that they are in is told in any order."""
        self._spawn(self._put(events, delay_s, shuffled))

    async def _put(self, events: Sequence[Event], delay_s: float, shuffled: bool) -> None:
        await asyncio.sleep(delay_s)
        self._waiting.extend(events)
        self._shuffled |= shuffled

    async def _tell_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            waiting, shuffled = list(self._waiting), self._shuffled
            self._waiting.clear()
            self._shuffled = False
            if shuffled:
                random.shuffle(waiting)
            for start in range(0, len(waiting), MOST_PER_BATCH):
                self._spawn(self._tell(waiting[start : start + MOST_PER_BATCH]))

    async def _tell(self, batch: Sequence[Event]) -> None:
        body = json.dumps(batch, separators=(",", ":")).encode()
        for pause_s in (*PAUSES_S, 0):
            if await self._taken(body):
                return
            await asyncio.sleep(pause_s)

    async def _taken(self, body: bytes) -> bool:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "X-Twilio-Email-Event-Webhook-Signature": self._signature(timestamp.encode() + body),
        }
        try:
            async with self._http.post(self._url, data=body, headers=headers) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _signature(self, signed: bytes) -> str:
        return base64.b64encode(self._key.sign(signed, ec.ECDSA(SHA256()))).decode("ascii")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
