"""Too many wrong codes in a row close an account to codes by mail, until support opens it: auth beside a real OTP
service."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.valkey import Valkey
from tests.integration.auth.conftest import Auth, running_auth
from tests.integration.auth.signed_in import call, new_person
from tests.integration.otp.instances import wrong_for

IN_A_ROW = 3
REASON = "ticket 4711: the owner called"


@pytest.fixture(scope="module")
async def strict(
    kafka_bootstrap: str, valkey: Valkey, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Auth]:
    snapshot: Path = tmp_path_factory.mktemp("auth") / "region-policy.json"
    more = {"account_failures_in_a_row": IN_A_ROW}
    async with running_auth(kafka_bootstrap, valkey.url, database, snapshot, **more) as auth:
        yield auth


async def is_barred(auth: Auth, challenge: dict[str, Any], code: str) -> bool:
    status, answer = await auth.verify(challenge, code)
    return (status, answer.get("reason")) == (429, "disabled")


async def test_support_lets_an_account_have_codes_again_and_the_audit_says_so(strict: Auth) -> None:
    account_id = uuid4()
    username = await new_person(strict, id=account_id)
    _, challenge = await strict.log_in(username)
    code = await strict.code_for(challenge)
    wrong = [(await strict.verify(challenge, wrong_for(code)))[0] for _ in range(IN_A_ROW)]
    assert wrong == [401] * IN_A_ROW
    assert await is_barred(strict, challenge, code)

    unlock = f"/v1/admin/accounts/{account_id}/unlock"
    assert (await call(strict, "POST", unlock, "support", {"reason": REASON}))[0] == 200
    _, again = await strict.log_in(username)
    assert (await strict.verify(again, await strict.code_for(again)))[0] == 200
    _, page, _ = await call(strict, "GET", f"/v1/admin/audit?account_id={account_id}", "viewer")
    said = [(entry["actor"], entry["action"], entry["reason"]) for entry in page["entries"]]
    assert ("operator:support", "account-unlocked", REASON) in said
