"""`/v1/account/…`: a signed-in person's factors over HTTP, on a real PostgreSQL and nothing else."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4
from xml.etree import ElementTree

import aiohttp
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response

from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_factors import PostgresFactors
from services.auth.adapters.qr_codes import draw_qr_code
from services.auth.api.account_factors import PURPOSE, factor_routes, totp_routes
from services.auth.api.signed_in import InsufficientAuthentication, SignedIn
from services.auth.domain.access import LOGIN_PURPOSE, Access
from services.auth.domain.factor import PASSWORD, TRUSTED_DEVICE, Method, proof_of
from services.auth.domain.guess_budget import GuessBudget
from services.auth.domain.revocations import Revocations
from services.auth.use_cases.enrol_totp import EnrolTotp
from services.auth.use_cases.make_recovery_codes import MakeRecoveryCodes
from services.auth.use_cases.remove_totp import RemoveTotp
from services.auth.use_cases.show_factors import ShowFactors
from services.auth.use_cases.tell_factor_changed import TellFactorChanged
from services.auth.use_cases.tell_owner import TellOwner
from shared.events import NoticeKind
from shared.health import Health
from shared.http_service import http_service
from shared.postgres import migrate, postgres_engine
from shared.problem import problem
from tests.clock import Clock
from tests.fakes import FakeNotices
from tests.integration.auth.conftest import MIGRATIONS
from tests.integration.shared.bad_input import answers, bad_bodies
from tests.integration.shared.served import served
from tests.unit.auth.samples import account, signing_ring, tokens
from tests.unit.auth.totp_app import code_at, wrong_code

FRESH_FOR = timedelta(minutes=10)
BUDGETS = dict.fromkeys((Method.TOTP, Method.RECOVERY_CODE), GuessBudget(per_day=10, per_month=30))
CLOCK = Clock(datetime.now(UTC).replace(microsecond=0))
TOKENS = tokens(CLOCK)
NOTICES = FakeNotices()
EVERY = [
    ("GET", "/factors"),
    ("POST", "/totp"),
    ("POST", "/totp/confirm"),
    ("DELETE", "/totp"),
    ("POST", "/recovery-codes"),
]


def random_bytes(count: int) -> bytes:
    return b"".join(uuid4().bytes for _ in range(2))[:count]


def routes(database: str) -> FastAPI:
    engine = postgres_engine(database, autocommit=True)
    factors = PostgresFactors(engine, signing_ring("store-1"), BUDGETS, CLOCK)
    signed_in = SignedIn(TOKENS, Revocations(), CLOCK, FRESH_FOR)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    async def insufficient(_: Request, error: Exception) -> Response:
        assert isinstance(error, InsufficientAuthentication)
        return problem(401, "insufficient-user-authentication", "", asked=error.asked)

    app = http_service("Factors", Health({}), lifespan)
    app.add_exception_handler(InsufficientAuthentication, insufficient)
    changed = TellFactorChanged(TellOwner(PostgresAccounts(engine), NOTICES), CLOCK)
    enrol = EnrolTotp(factors.totp, factors, draw_qr_code, random_bytes, "Gatepost", changed)
    app.include_router(totp_routes(signed_in, enrol, RemoveTotp(factors.totp, changed)))
    make_codes = MakeRecoveryCodes(factors.recovery_codes, random_bytes, changed)
    app.include_router(factor_routes(signed_in, make_codes, ShowFactors(factors)))
    return app


@dataclass
class Person:
    session: aiohttp.ClientSession
    url: str
    account_id: UUID

    def token(self, method: Method = Method.EMAIL_OTP, **changes: Any) -> str:
        proof = proof_of(method)
        values: dict[str, Any] = {
            "subject": self.account_id, "audience": "editor", "auth_time": CLOCK.now, "amr": proof.amr,
            "acr": proof.acr, "scope": ("account", "account:security"), "session_id": uuid4(),
        }  # fmt: skip
        return TOKENS.sign_access(Access(**values | changes))

    async def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any, Any]:
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        url = f"{self.url}/v1/account{path}"
        async with self.session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            return response.status, await response.json(content_type=None) if text else None, response.headers

    async def enrol(self) -> tuple[str, Any]:
        """The secret, and the answer to its confirmation."""
        _, offer, _ = await self.call("POST", "/totp")
        status, confirmed, _ = await self.call("POST", "/totp/confirm", {"code": code_at(offer["secret"], CLOCK.now)})
        assert status == 200
        return offer["secret"], confirmed

    @property
    def told(self) -> list[str | None]:
        """The factors that the owner heard of."""
        mine = [(kind, details) for kind, account_id, details in NOTICES.sent if account_id == self.account_id]
        assert all(kind is NoticeKind.FACTOR_CHANGED and details for kind, details in mine)
        assert {details.device for _, details in mine if details} <= {"editor"}
        return [details.factor for _, details in mine if details]

    async def factors(self) -> Any:
        return (await self.call("GET", "/factors"))[1]


@pytest.fixture(scope="module")
async def url(postgres_url: str) -> AsyncIterator[str]:
    await asyncio.to_thread(migrate, MIGRATIONS, postgres_url)
    async with served(routes(postgres_url)) as served_at:
        yield served_at


@pytest.fixture
async def kim(url: str, postgres_url: str) -> AsyncIterator[Person]:
    engine = postgres_engine(postgres_url, autocommit=True)
    added = account(id=uuid4())
    await PostgresAccounts(engine).add(added, f"kim-{added.id}")
    await engine.dispose()
    async with aiohttp.ClientSession() as session:
        yield Person(session, url, added.id)


async def test_an_app_is_enrolled_with_a_code_that_it_shows_and_given_up_again(kim: Person) -> None:
    assert await kim.factors() == {"totp": False, "recovery_codes_left": 0, "email": "k***@customer.example"}
    _, confirmed = await kim.enrol()
    assert len(set(confirmed["recovery_codes"])) == 10
    assert await kim.factors() == {"totp": True, "recovery_codes_left": 10, "email": "k***@customer.example"}
    _, again = await kim.enrol()
    assert again == {"recovery_codes": []}
    assert (await kim.call("DELETE", "/totp"))[:2] == (204, None)
    assert (await kim.factors())["totp"] is False
    assert (await kim.call("DELETE", "/totp"))[0] == 204


async def test_the_owner_hears_of_every_factor_that_changed_and_of_nothing_else(kim: Person) -> None:
    await kim.call("DELETE", "/totp")
    _, offer, _ = await kim.call("POST", "/totp")
    await kim.call("POST", "/totp/confirm", {"code": wrong_code(offer["secret"], CLOCK.now)})
    await kim.call("DELETE", "/totp")  # what was only offered
    assert kim.told == []
    await kim.enrol()
    assert kim.told == ["totp"]
    await kim.call("DELETE", "/totp")
    assert kim.told == ["totp", "totp"]
    await kim.call("POST", "/recovery-codes")
    assert kim.told == ["totp", "totp", "recovery-codes"]


async def test_the_offer_says_the_same_secret_to_every_kind_of_app(kim: Person) -> None:
    status, offer, _ = await kim.call("POST", "/totp")
    uri = urlsplit(offer["otpauth_uri"])

    assert status == 201
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", f"/Gatepost:kim-{kim.account_id}")
    assert parse_qs(uri.query)["secret"] == [offer["secret"]]
    assert len(base64.b32decode(offer["secret"])) == 20
    picture = ElementTree.fromstring(offer["qr_svg"])
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    kind, _, data = offer["qr_png"].partition(",")
    assert kind == "data:image/png;base64"
    png = base64.b64decode(data)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20]) == int(picture.attrib["width"])
    _, other, _ = await kim.call("POST", "/totp")
    assert all(other[form] != offer[form] for form in offer)


async def test_recovery_codes_are_made_anew(kim: Person) -> None:
    status, made, _ = await kim.call("POST", "/recovery-codes")
    _, again, _ = await kim.call("POST", "/recovery-codes")

    assert status == 201
    assert not set(made["recovery_codes"]) & set(again["recovery_codes"])
    assert (await kim.factors())["recovery_codes_left"] == 10


async def test_no_answer_with_a_secret_stays_in_a_cache(kim: Person) -> None:
    _, offer, offered = await kim.call("POST", "/totp")
    _, _, confirmed = await kim.call("POST", "/totp/confirm", {"code": code_at(offer["secret"], CLOCK.now)})
    _, _, made = await kim.call("POST", "/recovery-codes")
    _, _, shown = await kim.call("GET", "/factors")

    assert {headers["Cache-Control"] for headers in (offered, confirmed, made, shown)} == {"no-store"}


async def test_a_wrong_code_confirms_nothing_and_is_counted_until_none_is_looked_at(kim: Person) -> None:
    _, offer, _ = await kim.call("POST", "/totp")
    wrong = {"code": wrong_code(offer["secret"], CLOCK.now)}
    for left in range(9, -1, -1):
        status, body, _ = await kim.call("POST", "/totp/confirm", wrong)
        assert (status, body["type"], body["attempts_remaining"]) == (401, "urn:gatepost:problem:invalid-code", left)
    right = {"code": code_at(offer["secret"], CLOCK.now)}
    status, body, headers = await kim.call("POST", "/totp/confirm", right)

    assert (status, body["type"]) == (429, "urn:gatepost:problem:too-many-attempts")
    assert datetime.fromisoformat(body["retry_at"]) == CLOCK.now + timedelta(days=1)
    assert headers["Retry-After"] == "86400"
    assert (await kim.factors())["totp"] is False


async def test_without_an_offer_there_is_nothing_to_confirm(kim: Person) -> None:
    status, body, _ = await kim.call("POST", "/totp/confirm", {"code": "000000"})

    assert (status, body["type"]) == (404, "urn:gatepost:problem:nothing-to-confirm")


@pytest.mark.parametrize(("method", "path"), EVERY)
async def test_nobody_gets_in_without_a_token(kim: Person, method: str, path: str) -> None:
    for header in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Basic {kim.token()}"}):
        async with kim.session.request(method, f"{kim.url}/v1/account{path}", headers=header) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "changes",
    [
        {"auth_time": CLOCK.now - FRESH_FOR - timedelta(seconds=1)},
        {"acr": PASSWORD.acr, "amr": PASSWORD.amr},
        {"acr": TRUSTED_DEVICE.acr},
        {"scope": ("account",)},
        {"purpose": "change-email"},
    ],
    ids=["an hour ago", "password only", "trusted device", "under a bypass", "another purpose"],
)
@pytest.mark.parametrize(("method", "path"), EVERY[1:])
async def test_a_login_that_is_old_or_weak_changes_no_factor(
    kim: Person, method: str, path: str, changes: dict[str, Any]
) -> None:
    body = {"code": "000000"} if "confirm" in path else None
    status, answer, _ = await kim.call(method, path, body, kim.token(**changes))

    assert (status, answer["asked"]["purpose"]) == (401, PURPOSE)
    assert (await kim.factors())["recovery_codes_left"] == 0


async def test_a_step_up_for_factors_changes_them_and_shows_nothing_else(kim: Person) -> None:
    long_ago = CLOCK.now - timedelta(days=1)
    step_up = kim.token(purpose=PURPOSE, session_id=None, scope=(), auth_time=long_ago)

    assert (await kim.call("POST", "/recovery-codes", token=step_up))[0] == 201
    status, body, _ = await kim.call("GET", "/factors", token=step_up)
    assert (status, body["asked"]) == (401, {"purpose": LOGIN_PURPOSE})


async def test_no_confirmation_is_worse_than_a_client_error(kim: Person) -> None:
    _, offer, _ = await kim.call("POST", "/totp")
    url = f"{kim.url}/v1/account/totp/confirm"
    good = {"code": "123456"}
    bodies = (*bad_bodies(good), b'{"code": "1234567"}', b'{"code": "12345678"}')

    assert await answers(kim.session, "POST", url, iter(bodies), {"Authorization": f"Bearer {kim.token()}"}) == {}
    wrong = {"code": wrong_code(offer["secret"], CLOCK.now)}
    assert (await kim.call("POST", "/totp/confirm", wrong))[1]["attempts_remaining"] == 9  # none of those counted
