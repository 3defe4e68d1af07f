"""Somebody has the password and guesses, at every factor at once: what docs/limits.md says, and no more."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.valkey import Valkey
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.app import build
from shared.postgres import postgres_engine
from tests.integration.auth.conftest import HASH, Auth, auth_settings
from tests.integration.otp.instances import wrong_for
from tests.integration.shared.served import ready, served
from tests.unit.auth.samples import account
from tests.unit.auth.totp_app import code_at, wrong_code
from tests.wait_until import wait_until

NO_RECOVERY_CODE = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
LOGINS, GUESSES_EACH = 4, 5
LOOKED_AT = {"email_otp": 15, "totp": 10, "recovery_code": 10}  # in a day
MAILS = 30  # likewise


@pytest.fixture
async def lenient(
    groups_of_several: None, auth: Auth, kafka_bootstrap: str, valkey: Valkey, tmp_path: Path
) -> AsyncIterator[Auth]:
    """A deployment where a mail may stand in for the app: the most that there is to guess at."""
    settings = auth_settings(
        kafka_bootstrap, auth.database, auth.otp_url, tmp_path / "policy.json", valkey.url, email_may_replace_totp=True
    )
    async with served(build(settings)) as url:
        await wait_until(lambda: ready(auth.session, url), 20)
        yield replace(auth, url=url)


async def signed_up(auth: Auth) -> str:
    """The username of a new account in a region that asks for a code."""
    engine = postgres_engine(auth.database, autocommit=True)
    added = account(id=uuid4(), password_hash=HASH, region="auth-enforced")
    await PostgresAccounts(engine).add(added, str(added.id))
    await engine.dispose()
    return str(added.id)


async def enrol(auth: Auth, username: str) -> tuple[str, list[str]]:
    """The secret in the owner's app, and the recovery codes."""
    _, required = await auth.log_in(username)
    _, done = await auth.verify(required, await auth.code_for(required))
    headers = {"Authorization": f"Bearer {done['access_token']}"}
    async with auth.session.post(f"{auth.url}/v1/account/totp", headers=headers) as response:
        secret: str = (await response.json())["secret"]
    body = {"code": code_at(secret, datetime.now(UTC))}
    async with auth.session.post(f"{auth.url}/v1/account/totp/confirm", json=body, headers=headers) as response:
        return secret, (await response.json())["recovery_codes"]


async def asked_by_mail(auth: Auth, username: str) -> dict[str, Any]:
    """A challenge that all three factors answer, and a mail asked for."""
    _, required = await auth.log_in(username)
    body = {"challenge_token": required["challenge_token"], "method": "email_otp"}
    await auth.post(f"/v1/challenges/{required['challenge_id']}/verify", body)
    return dict(required)


async def mailed(auth: Auth, username: str) -> dict[str, Any]:
    """The same, its mail on the way."""
    required = await asked_by_mail(auth, username)
    await auth.code_for(required)
    return required


async def test_all_factors_together_give_no_more_guesses_than_their_budgets(lenient: Auth) -> None:
    username = await signed_up(lenient)
    secret, recovery_codes = await enrol(lenient, username)
    challenges = await asyncio.gather(*(mailed(lenient, username) for _ in range(LOGINS)))
    mail = {await lenient.code_for(challenge) for challenge in challenges}
    wrong = {
        "email_otp": next(code for code in ("000000", "000001", "000002", "000003", "000004") if code not in mail),
        "totp": wrong_code(secret, datetime.now(UTC)),
        "recovery_code": NO_RECOVERY_CODE,
    }
    guesses = [
        (method, lenient.verify(challenge, code, method=method))
        for challenge in challenges
        for method, code in wrong.items()
        for _ in range(GUESSES_EACH)
    ]
    answers = await asyncio.gather(*(guess for _, guess in guesses))
    looked_at = Counter(method for (method, _), (status, _) in zip(guesses, answers, strict=True) if status == 401)

    assert looked_at == LOOKED_AT
    assert {status for status, _ in answers} == {401, 429}

    fresh = await mailed(lenient, username)
    right = {
        "email_otp": await lenient.code_for(fresh),
        "totp": code_at(secret, datetime.now(UTC), 1),
        "recovery_code": recovery_codes[0],
    }
    for method, code in right.items():
        status, refused = await lenient.verify(fresh, code, method=method)
        assert (status, refused["type"]) == (429, "urn:gatepost:problem:too-many-attempts")
        wait = datetime.fromisoformat(refused["retry_at"]) - datetime.now(UTC)
        assert timedelta(hours=23) < wait <= timedelta(hours=24)


async def refused(auth: Auth, challenge: dict[str, Any]) -> bool:
    """Whether a code from the mail is not even looked at, for a day."""
    status, answer = await auth.verify(challenge, "000000", method="email_otp")
    if status != 429 or answer.get("retry_at") is None:
        return False
    wait = datetime.fromisoformat(answer["retry_at"]) - datetime.now(UTC)
    return timedelta(hours=23) < wait <= timedelta(hours=24)


async def test_an_owner_whose_mailed_codes_were_guessed_at_gets_in_with_the_app(lenient: Auth) -> None:
    username = await signed_up(lenient)
    secret, _ = await enrol(lenient, username)
    for _ in range(LOOKED_AT["email_otp"] // GUESSES_EACH):
        challenge = await mailed(lenient, username)
        wrong = wrong_for(await lenient.code_for(challenge))
        for _ in range(GUESSES_EACH):
            assert (await lenient.verify(challenge, wrong, method="email_otp"))[0] == 401
    spent = await mailed(lenient, username)

    assert await refused(lenient, spent)
    status, done = await lenient.verify(spent, code_at(secret, datetime.now(UTC), 1), method="totp")
    assert (status, done["amr"]) == (200, ["pwd", "otp", "mfa"])


async def test_an_owner_whom_others_had_all_mails_sent_gets_in_with_the_app(lenient: Auth) -> None:
    username = await signed_up(lenient)
    secret, _ = await enrol(lenient, username)
    for _ in range(MAILS - 1):  # with the one that the app was enrolled after
        challenge = await mailed(lenient, username)
        assert (await lenient.verify(challenge, await lenient.code_for(challenge), method="email_otp"))[0] == 200
    spent = await asked_by_mail(lenient, username)

    await wait_until(lambda: refused(lenient, spent))
    status, done = await lenient.verify(spent, code_at(secret, datetime.now(UTC), 1), method="totp")
    assert (status, done["amr"]) == (200, ["pwd", "otp", "mfa"])


async def test_where_no_mail_may_stand_in_for_the_app_there_is_nothing_to_guess_at_in_mails(auth: Auth) -> None:
    username = await signed_up(auth)
    await enrol(auth, username)
    _, required = await auth.log_in(username)
    status, refused = await auth.verify(required, "000000", method="email_otp")

    assert (status, refused["type"]) == (422, "urn:gatepost:problem:method-not-offered")


async def test_an_owner_whose_app_was_guessed_at_gets_in_with_a_recovery_code(auth: Auth) -> None:
    username = await signed_up(auth)
    secret, recovery_codes = await enrol(auth, username)
    _, required = await auth.log_in(username)
    wrong = wrong_code(secret, datetime.now(UTC))
    statuses = [(await auth.verify(required, wrong, method="totp"))[0] for _ in range(11)]
    status, done = await auth.verify(required, recovery_codes[0], method="recovery_code")

    assert statuses == [401] * 10 + [429]
    assert (status, done["amr"]) == (200, ["pwd", "otp", "mfa"])
