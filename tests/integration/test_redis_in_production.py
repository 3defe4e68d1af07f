"""Services on Redis as an operator with care has it: rights, certificates, and a Sentinel with a password."""

from pathlib import Path
from uuid import uuid4

import aiohttp

from services.notifier.app import build as build_notifier
from services.notifier.settings import NotifierSettings
from services.otp.app import build as build_otp
from services.otp.settings import OtpSettings
from shared.credentials import digest
from tests.integration.otp.settings import AS_AUTH, CLIENT, NO_KAFKA, otp_settings
from tests.integration.shared.served import served
from tests.redis_by_tls import guarded
from tests.redis_rights import restrict
from tests.redis_servers import ask
from tests.unit.notifier.fakes import PRIVATE_KEYS
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until


async def redis_is(state: str, http: aiohttp.ClientSession, url: str) -> bool:
    async with http.get(f"{url}/readyz") as response:
        return bool((await response.json())["checks"]["redis"] == state)


async def test_otp_is_503_while_its_user_is_gone_and_works_before_and_after(server_directory: Path) -> None:
    plain = otp_settings(NO_KAFKA, "redis://127.0.0.1:1/0").model_dump()
    body = {"code": "000000", "client_hash": CLIENT}
    async with guarded(server_directory / "guarded-otp", "otp") as redis, aiohttp.ClientSession() as http:
        settings = OtpSettings.model_validate(plain | redis.settings | {"redis_replicas": 1})
        async with served(build_otp(settings)) as url:

            async def verified() -> tuple[int, str]:
                at = f"{url}/internal/v1/accounts/{uuid4()}/challenges/{uuid4()}/verify"
                async with http.post(at, json=body, headers=AS_AUTH) as response:
                    answer = await response.json()
                    return response.status, answer.get("verdict") or answer.get("dependency")

            assert await redis_is("ok", http, url)
            assert await verified() == (200, "not-issued")
            await ask(redis.primary, "ACL", "DELUSER", "otp")
            assert await verified() == (503, "redis")
            await wait_until(lambda: redis_is("failing", http, url))
            await restrict([redis.primary], "otp")
            await wait_until(lambda: redis_is("ok", http, url))
            assert await verified() == (200, "not-issued")


async def test_the_notifier_is_ready(server_directory: Path) -> None:
    async with guarded(server_directory / "guarded-notifier", "notifier") as redis, aiohttp.ClientSession() as http:
        settings = NotifierSettings.model_validate(
            {
                "port": 1,
                "kafka": NO_KAFKA,
                "sealing_private_keys": PRIVATE_KEYS,
                "suppression_keys": private_ring("s1").text,
                "operators": f"sam:support:{digest('support-secret')}",
                "sendgrid_api_key": "SG.secret-key",
                "mail_from": "no-reply@gatepost.example",
                "mail_domain": "gatepost.example",
                "brand": "Gatepost",
                **redis.settings,
            }
        )
        async with served(build_notifier(settings)) as url:
            assert await redis_is("ok", http, url)
