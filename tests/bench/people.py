"""People with what they sign in with. Each way to sign in is a step: it takes one person and goes to a session."""

import asyncio
import hashlib
import hmac
import time
from base64 import b32decode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import cycle
from typing import Any

from aiohttp import ClientSession

from tests.bench.accounts import PASSWORD, Cohort, username
from tests.bench.ledger import Ledger, Login

Step = Callable[[], Awaitable[None]]
"""Raises Refused unless it leads to a session."""
MAIL_S = 5.0


class Refused(Exception):
    pass


@dataclass
class Person:
    """With a session, and an app, recovery codes and a trusted device once they are equipped."""

    account: int
    access_token: str
    refresh_token: str = ""
    device_token: str = ""
    secret: str = ""
    recovery_codes: tuple[str, ...] = ()
    last_step: int = 0

    def totp(self) -> str:
        """A code is good once; three steps are accepted, so that three logins within 30 s need no waiting."""
        self.last_step = max(int(time.time()) // 30 - 1, self.last_step + 1)
        digest = hmac.digest(b32decode(self.secret), self.last_step.to_bytes(8), hashlib.sha1)
        start = digest[-1] & 0xF
        return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF) % 10**6:06d}"

    def recovery_code(self) -> str:
        first, *self.recovery_codes = self.recovery_codes  # type: ignore[assignment]
        return first


class SignIn:
    def __init__(self, auth_url: str, http: ClientSession, ledger: Ledger) -> None:
        self._auth_url = auth_url
        self._http = http
        self._ledger = ledger

    def by_password(self, accounts: Cohort) -> Step:
        async def step() -> None:
            await self.log_in(accounts.next(), HTTPStatus.OK)

        return step

    def by_email(self, accounts: Cohort) -> Step:
        async def step() -> None:
            await self.with_mail(accounts.next())

        return step

    def by_totp(self, people: list[Person]) -> Step:
        return self._with_code(cycle(people), "totp", Person.totp)

    def by_recovery_code(self, people: list[Person]) -> Step:
        return self._with_code(cycle(people), "recovery_code", Person.recovery_code)

    def by_device(self, people: list[Person]) -> Step:
        turns = cycle(people)

        async def step() -> None:
            person = next(turns)
            answer = await self.log_in(person.account, HTTPStatus.OK, device_token=person.device_token)
            person.device_token = answer["device_token"]

        return step

    def _with_code(self, turns: Iterator[Person], method: str, code: Callable[[Person], str]) -> Step:
        async def step() -> None:
            person = next(turns)
            challenge = await self.log_in(person.account, HTTPStatus.ACCEPTED)
            await self.verify(challenge, method=method, code=code(person))

        return step

    async def with_mail(self, account: int, **more: object) -> Any:
        """The whole of it: password, mail, code."""
        login = Login(account, time.monotonic_ns())
        self._ledger.expect(login)
        challenge = await self.log_in(account, HTTPStatus.ACCEPTED)
        async with asyncio.timeout(MAIL_S):
            await login.mailed
        return await self.verify(challenge, code=login.code, **more)

    async def log_in(self, account: int, expected: HTTPStatus, **more: object) -> Any:
        client = {"product": "editor"}
        body = {"username": username(account), "password": PASSWORD, "client": client, **more}
        return await self.post("/v1/logins", body, expected)

    async def verify(self, challenge: Any, **answer: object) -> Any:
        body = {"challenge_token": challenge["challenge_token"], **answer}
        return await self.post(f"/v1/challenges/{challenge['challenge_id']}/verify", body, HTTPStatus.OK)

    async def post(self, path: str, body: Any, expected: HTTPStatus, access_token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        async with self._http.post(self._auth_url + path, json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
        if response.status != expected:
            raise Refused(f"{path}: {response.status} {answer.get('title')}")
        return answer


async def equipped(sign_in: SignIn, accounts: Cohort) -> list[Person]:
    """All of them, one after the other: it is not measured, and drawing QR codes is slow."""
    return [await _equip(sign_in, account) for account in accounts.numbers]


async def _equip(sign_in: SignIn, account: int) -> Person:
    tokens = await sign_in.with_mail(account)
    person = Person(account, tokens["access_token"])
    offer = await sign_in.post("/v1/account/totp", None, HTTPStatus.CREATED, person.access_token)
    person.secret = offer["secret"]
    confirm = {"code": person.totp()}
    made = await sign_in.post("/v1/account/totp/confirm", confirm, HTTPStatus.OK, person.access_token)
    first, *others = made["recovery_codes"]
    # Only now: enrolling an app ends what was begun before it, and a device has to be trusted by more than a mail.
    challenge = await sign_in.log_in(account, HTTPStatus.ACCEPTED)
    trusted = await sign_in.verify(challenge, method="recovery_code", code=first, remember_device=True)
    person.recovery_codes = tuple(others)
    person.refresh_token, person.device_token = trusted["refresh_token"], trusted["device_token"]
    return person


async def access_tokens(sign_in: SignIn, accounts: Cohort, at_once: int = 8) -> list[str]:
    """A token for each."""
    numbers = iter(accounts.numbers)
    tokens: list[str] = []

    async def one_after_the_other() -> None:
        for account in numbers:
            answer = await sign_in.log_in(account, HTTPStatus.OK)
            tokens.append(answer["access_token"])

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return tokens
