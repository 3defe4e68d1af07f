"""Somebody who signs in: what a gateway sends for a person, and the person's mailbox."""

import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from multidict import CIMultiDict

from deploy.local.seed_data import SeedAccount
from tests.wait_until import wait_until

_CODE_LINE = re.compile(r"^@\S+ #(\d{6,8})$", re.MULTILINE)


@dataclass
class Answer:
    status: int
    body: Any
    headers: CIMultiDict[str]


@dataclass
class Gateway:
    """HTTP to auth and to the mailbox. Keeps every answer's text, for whoever looks for what must not be there."""

    http: aiohttp.ClientSession
    auth: str
    mailbox: str
    seen: list[str] = field(default_factory=list)

    async def call(self, method: str, url: str, **options: Any) -> Answer:
        async with self.http.request(method, url, **options) as response:
            text = await response.text()
            self.seen.append(text)
            is_json = "json" in response.headers.get("Content-Type", "")
            return Answer(response.status, await response.json(content_type=None) if is_json else text,
                          response.headers.copy())  # fmt: skip

    async def log_in(self, account: SeedAccount, **more: Any) -> Answer:
        body = {"username": account.username, "password": account.password, **more}
        return await self.call("POST", f"{self.auth}/v1/logins", json=body)

    async def verify(self, challenge: Answer, code: str, **more: Any) -> Answer:
        body = {"challenge_token": challenge.body["challenge_token"], "code": code, **more}
        return await self.call("POST", f"{self.auth}/v1/challenges/{challenge.body['challenge_id']}/verify", json=body)

    async def resend(self, challenge: Answer) -> Answer:
        body = {"challenge_token": challenge.body["challenge_token"]}
        return await self.call("POST", f"{self.auth}/v1/challenges/{challenge.body['challenge_id']}/resend", json=body)

    async def progress(self, challenge: Answer) -> Answer:
        headers = {"Authorization": f"Challenge {challenge.body['challenge_token']}"}
        return await self.call("GET", f"{self.auth}/v1/challenges/{challenge.body['challenge_id']}", headers=headers)

    async def authz(self, access_token: str) -> Answer:
        headers = {"Authorization": f"Bearer {access_token}"}
        return await self.call("GET", f"{self.auth}/v1/authz", headers=headers)

    async def as_owner(self, method: str, path: str, access_token: str, body: Any = None) -> Answer:
        """A call that a signed-in person makes about the own account."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return await self.call(method, f"{self.auth}{path}", headers=headers, json=body)

    async def mails(self, address: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.mailbox}/api/messages", params={"to": address}) as response:
            mails: list[dict[str, Any]] = await response.json()
            return mails

    async def codes(self, address: str, at_least: int = 1, within_s: float = 15) -> list[str]:
        """The codes mailed to `address`, oldest first, once there are `at_least` so many. Notices are no codes."""
        codes: list[str] = []

        async def enough() -> bool:
            mails = await self.mails(address)
            codes[:] = [found[1] for mail in mails if (found := _CODE_LINE.search(mail["text"]))]
            return len(codes) >= at_least

        await wait_until(enough, within_s)
        return codes

    async def fault(self, **fault: Any) -> None:
        async with self.http.post(f"{self.mailbox}/api/faults", json=fault) as response:
            response.raise_for_status()

    async def becomes(self, **fate: Any) -> None:
        """What becomes of the mails that are sent from now on, and is reported of them."""
        async with self.http.post(f"{self.mailbox}/api/deliveries", json=fate) as response:
            response.raise_for_status()

    async def clear_plans(self) -> None:
        for what in ("faults", "deliveries"):
            async with self.http.delete(f"{self.mailbox}/api/{what}") as response:
                response.raise_for_status()
