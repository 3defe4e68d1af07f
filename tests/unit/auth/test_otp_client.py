"""What auth makes of the verdicts of the OTP service."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from services.auth.adapters.otp_client import OtpClient
from services.auth.use_cases.verify_challenge import Closed, Refusal
from shared.unavailable import DependencyUnavailable
from tests.unit.auth.samples import challenge


async def judged(verdict: str | None) -> Refusal | None:
    async def verify(_: web.Request) -> web.Response:
        return web.json_response({"verdict": verdict})

    app = web.Application()
    app.router.add_post("/internal/v1/accounts/{account_id}/challenges/{challenge_id}/verify", verify)
    async with TestServer(app) as server:
        otp = OtpClient(str(server.make_url("/")), SecretStr("credential"), 10)
        await otp.open()
        try:
            return await otp.judge(challenge(), "123456")
        finally:
            await otp.close()


@pytest.mark.parametrize("reason", [Closed.UNKNOWN, Closed.EXPIRED, Closed.USED])
async def test_a_closed_challenge_says_why(reason: Closed) -> None:
    assert await judged(reason) is reason


@pytest.mark.parametrize("verdict", ["right", "", None])
async def test_a_verdict_that_is_not_known_lets_nobody_in_and_is_an_outage(verdict: str | None) -> None:
    with pytest.raises(DependencyUnavailable) as raised:
        await judged(verdict)

    assert raised.value.dependency == "otp"
