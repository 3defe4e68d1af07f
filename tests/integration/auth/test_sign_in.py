"""From a password to a token, over HTTP and with all real parts but the notifier."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from services.auth.adapters.signed_tokens import SignedTokens
from shared.events import PolicyMode, RegionPolicyChanged
from tests.integration.auth.conftest import ISSUER, PASSWORD, SIGNING, Auth, policy
from tests.integration.auth.signed_in import new_person
from tests.unit.auth.samples import challenge
from tests.wait_until import wait_until


def problem_name(answer: dict[str, Any]) -> str:
    return str(answer["type"]).rpartition(":")[2]


@pytest.mark.parametrize(
    ("username", "status", "outcome", "reason"),
    [
        ("auth-off", 200, "allowed", "region-off"),
        ("auth-shadow", 200, "would-challenge", "region-shadow"),
        ("auth-none", 200, "allowed", "outside-ramp"),
        ("auth-all", 202, "challenged", "inside-ramp"),
        ("auth-enforced", 202, "challenged", "region-enforced"),
        ("nowhere", 202, "challenged", "region-unknown"),
        ("own-mfa", 200, "allowed", "own-mfa"),
        ("sso", 403, "refused", "use-sso"),
        ("locked", 403, "refused", "account-locked"),
        ("no-password", 401, "refused", "invalid-credentials"),
        ("nobody", 401, "refused", "invalid-credentials"),
    ],
)
async def test_each_kind_of_account_gets_its_answer(
    auth: Auth, username: str, status: int, outcome: str, reason: str
) -> None:
    got, answer = await auth.log_in(username)

    assert (got, answer["decision"]["outcome"], answer["decision"]["reason"]) == (status, outcome, reason)


async def test_a_wrong_password_and_a_wrong_name_are_answered_alike(auth: Auth) -> None:
    answers = [await auth.log_in("auth-off", "wrong"), await auth.log_in("nobody"), await auth.log_in("sso", "wrong")]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


async def test_a_code_from_the_mail_completes_the_login(auth: Auth) -> None:
    status, required = await auth.log_in("auth-enforced", client={"product": "editor"})
    assert (status, required["status"], required["methods"]) == (202, "challenge_required", ["email_otp"])
    assert await auth.address_for(required) == "auth-enforced@customer.example"

    status, done = await auth.verify(required, await auth.code_for(required))
    assert (status, done["status"], done["amr"], done["token_type"]) == (200, "authenticated", ["pwd", "otp"], "Bearer")
    assert done["decision"]["outcome"] == "completed"

    status, _, headers = await auth.get("/v1/authz", Authorization=f"Bearer {done['access_token']}")
    assert status == 200
    assert (headers["X-Auth-Audience"], headers["X-Auth-Amr"]) == ("editor", "pwd otp")
    assert headers["X-Auth-Acr"] == done["acr"] == "urn:gatepost:acr:email-otp"


async def test_the_token_can_be_checked_with_the_published_keys_alone(auth: Auth) -> None:
    _, done = await auth.log_in("auth-off", client={"product": "editor"})
    _, keys, headers = await auth.get("/.well-known/jwks.json")
    claims = jwt.decode(
        done["access_token"],
        jwt.PyJWKSet(keys["keys"])["sign-1"],
        algorithms=["EdDSA"],
        issuer=ISSUER,
        audience="editor",
    )

    assert set(claims) == {
        "iss",
        "aud",
        "sub",
        "exp",
        "iat",
        "jti",
        "auth_time",
        "amr",
        "acr",
        "scope",
        "purpose",
        "sid",
    }
    assert claims["amr"] == ["pwd"]
    assert claims["exp"] - claims["iat"] == done["expires_in"] == 900
    assert "d" not in keys["keys"][0]
    assert "max-age" in headers["Cache-Control"]


async def test_tokens_stay_in_no_cache(auth: Auth) -> None:
    for username in ("auth-off", "auth-enforced"):
        async with auth.session.post(
            f"{auth.url}/v1/logins", json={"username": username, "password": PASSWORD}
        ) as response:
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_wrong_code_counts_down_and_the_sixth_is_not_looked_at(auth: Auth) -> None:
    _, required = await auth.log_in("auth-enforced")
    code = await auth.code_for(required)
    wrong = "000000" if code != "000000" else "000001"
    answers = [await auth.verify(required, wrong) for _ in range(5)]

    assert [(status, answer["attempts_remaining"]) for status, answer in answers] == [
        (401, left) for left in (4, 3, 2, 1, 0)
    ]
    assert {problem_name(answer) for _, answer in answers} == {"invalid-code"}
    status, answer = await auth.verify(required, code)
    assert (status, problem_name(answer), answer["attempts_remaining"]) == (429, "too-many-attempts", 0)


async def test_a_code_is_used_up(auth: Auth) -> None:
    _, required = await auth.log_in("auth-enforced")
    code = await auth.code_for(required)
    answers = await asyncio.gather(*(auth.verify(required, code) for _ in range(20)))

    assert sorted(status for status, _ in answers) == [200] + [410] * 19
    assert {answer["reason"] for status, answer in answers if status == 410} == {"used"}


async def test_two_logins_side_by_side_do_not_disturb_each_other(auth: Auth) -> None:
    (_, one), (_, other) = await auth.log_in("auth-enforced"), await auth.log_in("auth-enforced")

    assert (await auth.verify(one, await auth.code_for(one)))[0] == 200
    assert (await auth.verify(other, await auth.code_for(other)))[0] == 200


async def test_the_code_of_one_challenge_is_wrong_for_another(auth: Auth) -> None:
    (_, one), (_, other) = await auth.log_in("auth-enforced"), await auth.log_in("auth-enforced")
    codes = [await auth.code_for(one), await auth.code_for(other)]
    if codes[0] != codes[1]:
        assert (await auth.verify(one, codes[1]))[0] == 401
    mixed = one | {"challenge_id": other["challenge_id"]}
    status, answer = await auth.verify(mixed, codes[0])

    assert (status, answer["reason"]) == (410, "unknown")


def signed(**changes: Any) -> dict[str, Any]:
    """A challenge that auth would have signed, and that nobody was told of."""
    tokens = SignedTokens(SIGNING, ISSUER, timedelta(minutes=15), timedelta(minutes=5), lambda: datetime.now(UTC))
    now = datetime.now(UTC).replace(microsecond=0)
    made = challenge(**({"issued_at": now, "expires_at": now + timedelta(minutes=10)} | changes))
    return {"challenge_id": str(made.id), "challenge_token": tokens.sign_challenge(made)}


async def test_before_the_code_exists_it_is_not_wrong_but_early(auth: Auth) -> None:
    _, other = await auth.log_in("auth-enforced")
    claims = jwt.decode(other["challenge_token"], options={"verify_signature": False})
    required = signed(account_id=UUID(claims["sub"]))
    async with auth.session.post(
        f"{auth.url}/v1/challenges/{required['challenge_id']}/verify",
        json={"challenge_token": required["challenge_token"], "code": "123456"},
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (409, "1")
        assert problem_name(await response.json(content_type=None)) == "not-issued-yet"
    status, shown, _ = await auth.get(
        f"/v1/challenges/{required['challenge_id']}", Authorization=f"Challenge {required['challenge_token']}"
    )
    assert (status, shown["state"], shown["attempts_remaining"]) == (200, "pending", None)


@pytest.mark.parametrize(
    ("required", "reason"),
    [
        (signed(expires_at=datetime.now(UTC) - timedelta(seconds=1)), "expired"),
        (signed() | {"challenge_id": str(uuid4())}, "unknown"),
        ({"challenge_id": str(uuid4()), "challenge_token": "nonsense"}, "unknown"),
    ],
    ids=["expired", "of another", "nonsense"],
)
async def test_a_challenge_that_takes_no_codes_is_410(auth: Auth, required: dict[str, Any], reason: str) -> None:
    status, answer = await auth.verify(required, "123456")
    followed, shown, _ = await auth.get(
        f"/v1/challenges/{required['challenge_id']}", Authorization=f"Challenge {required['challenge_token']}"
    )

    assert (status, problem_name(answer), answer["reason"]) == (410, "challenge-closed", reason)
    assert (followed, shown["reason"]) == (410, reason)


async def test_a_challenge_can_be_followed_with_its_token(auth: Auth) -> None:
    _, required = await auth.log_in(await new_person(auth))  # everybody's has as many live challenges as it may have
    await auth.code_for(required)
    path = f"/v1/challenges/{required['challenge_id']}"
    status, shown, _ = await auth.get(path, Authorization=f"Challenge {required['challenge_token']}")

    assert (status, shown["state"], shown["delivery"]["state"]) == (200, "open", "queued")
    assert shown["attempts_remaining"] == 5
    for header in ({}, {"Authorization": f"Bearer {required['challenge_token']}"}, {"Authorization": "Challenge"}):
        status, answer, headers = await auth.get(path, **header)
        assert (status, problem_name(answer), headers["WWW-Authenticate"]) == (
            401,
            "challenge-token-needed",
            "Challenge",
        )


async def test_a_challenge_token_opens_no_door(auth: Auth) -> None:
    _, required = await auth.log_in("auth-enforced")
    status, _, headers = await auth.get("/v1/authz", Authorization=f"Bearer {required['challenge_token']}")

    assert status == 401
    assert headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("header", "challenge_header"),
    [
        ({}, "Bearer"),
        ({"Authorization": ""}, "Bearer"),
        ({"Authorization": "Basic a2ltOmtpbQ=="}, "Bearer"),
        ({"Authorization": "Bearer nonsense"}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer " + "a" * 8000}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer \xff\xfe.\xff.\xff"}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer ..."}, 'Bearer error="invalid_token"'),
        ({"Authorization": "Bearer e30.e30."}, 'Bearer error="invalid_token"'),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_without_a_valid_token_a_request_is_unauthenticated(
    auth: Auth, header: dict[str, str], challenge_header: str
) -> None:
    status, answer, headers = await auth.get("/v1/authz", **header)

    assert (status, problem_name(answer)) == (401, "unauthenticated")
    assert headers["WWW-Authenticate"] == challenge_header
    assert headers["Content-Type"] == "application/problem+json"


async def test_a_token_is_for_its_product(auth: Auth) -> None:
    _, done = await auth.log_in("auth-off", client={"product": "editor"})
    bearer = f"Bearer {done['access_token']}"

    assert (await auth.get("/v1/authz?aud=editor", Authorization=bearer))[0] == 200
    assert (await auth.get("/v1/authz?aud=viewer", Authorization=bearer))[0] == 401


async def test_switching_a_region_changes_the_next_login(auth: Auth) -> None:
    async def answers(status: int) -> bool:
        return (await auth.log_in("auth-none"))[0] == status

    await auth.bus.publisher.publish(policy("auth-none", 2, mode=PolicyMode.ENFORCED))
    await wait_until(lambda: answers(202))
    await auth.bus.publisher.publish(policy("auth-none", 3, mode=PolicyMode.OFF))
    await wait_until(lambda: answers(200))
    await auth.bus.publisher.publish(policy("auth-none", 2, mode=PolicyMode.ENFORCED))  # late
    await auth.bus.publisher.publish(policy("auth-shadow", 2, mode=PolicyMode.SHADOW))

    async def later_one_applied() -> bool:
        return bool((await auth.log_in("auth-shadow"))[1]["decision"]["policy_version"] == 2)

    await wait_until(later_one_applied)
    assert (await auth.log_in("auth-none"))[1]["decision"]["policy_version"] == 3


async def test_a_region_whose_policy_cannot_be_read_is_challenged(auth: Auth) -> None:
    topic = RegionPolicyChanged.topic
    await auth.bus.publisher.send(topic, b"auth-all", b"garbage", {"ce_type": topic})

    async def unknown() -> bool:
        return bool((await auth.log_in("auth-all"))[1]["decision"]["reason"] == "region-unknown")

    await wait_until(unknown)
    await auth.bus.publisher.publish(policy("auth-all", 2, mode=PolicyMode.OFF))

    async def known() -> bool:
        return (await auth.log_in("auth-all"))[0] == 200

    await wait_until(known)


async def test_ids_are_random(auth: Auth) -> None:
    ids = {(await auth.log_in("auth-enforced"))[1]["challenge_id"] for _ in range(5)}

    assert len(ids) == 5
    assert all(UUID(each).version == 4 for each in ids)
