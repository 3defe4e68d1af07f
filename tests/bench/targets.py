"""What is put under load: the system by HTTP, the floor by its producer."""

import asyncio
import time
from http import HTTPStatus
from typing import Protocol

from aiohttp import ClientSession
from yarl import URL

from tests.bench.accounts import PASSWORD, Cohort, username
from tests.bench.ledger import Ledger, Login


class Target(Protocol):
    async def login(self) -> Login | None:
        """One login of the next account, which is now waiting in the ledger. None: it was refused."""


class SystemTarget:
    def __init__(self, auth_url: str, session: ClientSession, ledger: Ledger, accounts: Cohort) -> None:
        self._url = URL(auth_url) / "v1/logins"
        self._session = session
        self._ledger = ledger
        self._accounts = accounts

    async def login(self) -> Login | None:
        account = self._accounts.next()
        body = {"username": username(account), "password": PASSWORD, "client": {"product": "editor"}}
        login = Login(account, time.monotonic_ns())
        self._ledger.expect(login)
        async with self._session.post(self._url, json=body) as response:
            await response.read()
        if response.status == HTTPStatus.ACCEPTED:
            return login
        self._ledger.withdraw(login)
        return None


class FloorTarget:
    """Its producer reads account numbers from a pipe and takes the time just before it produces."""

    def __init__(self, pipe: asyncio.StreamWriter, ledger: Ledger, accounts: Cohort) -> None:
        self._pipe = pipe
        self._ledger = ledger
        self._accounts = accounts

    async def login(self) -> Login | None:
        login = Login(self._accounts.next(), time.monotonic_ns())
        self._ledger.expect(login)
        self._pipe.write(b"%d\n" % login.account)
        return login
