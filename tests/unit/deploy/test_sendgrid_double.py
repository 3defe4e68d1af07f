"""The double over HTTP, in the shapes that SendGrid and our own tools expect."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientOSError, ClientTimeout, ServerDisconnectedError
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.sendgrid_double.app import build_app

AUTHORIZED = {"Authorization": "Bearer SG.any"}
MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ada@example.com"}]}],
    "from": {"email": "no-reply@gatepost.example"},
    "subject": "Your sign-in code",
    "content": [{"type": "text/plain", "value": "493017"}, {"type": "text/html", "value": "<b>493017</b>"}],
}
Client = TestClient[Any, Any]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(build_app(lambda: datetime(2026, 11, 24, 12, tzinfo=UTC)))) as each:
        yield each


async def send(client: Client, mail: Any = MAIL) -> tuple[int, dict[str, str]]:
    async with client.post("/v3/mail/send", json=mail, headers=AUTHORIZED) as response:
        return response.status, dict(response.headers)


async def inbox(client: Client, query: str = "") -> Any:
    async with client.get(f"/api/messages{query}") as response:
        return await response.json()


async def test_an_accepted_mail_is_in_the_mailbox(client: Client) -> None:
    status, headers = await send(client)
    assert status == 202
    assert headers["X-Message-Id"]
    (mail,) = await inbox(client, "?to=ada@example.com")
    assert set(mail) == {"to", "subject", "text", "html", "headers", "received_at"}
    assert (mail["text"], mail["html"], mail["received_at"]) == ("493017", "<b>493017</b>", "2026-11-24T12:00:00.000Z")
    assert await inbox(client, "?to=bo@example.com") == []


async def test_without_a_key_or_with_a_bad_body_sendgrids_errors_come_back(client: Client) -> None:
    for headers, body, status in (
        ({"Content-Type": "application/json"}, "{}", 401),
        ({**AUTHORIZED, "Content-Type": "application/json"}, "{", 400),
        ({**AUTHORIZED, "Content-Type": "application/json"}, "{}", 400),
        ({**AUTHORIZED, "Content-Type": "application/json"}, "[" * 100_000, 400),
        ({**AUTHORIZED, "Content-Type": "text/plain"}, "{}", 415),
    ):
        async with client.post("/v3/mail/send", data=body, headers=headers) as response:
            assert response.status == status
            assert set((await response.json())["errors"][0]) == {"message", "field", "help"}
    assert await inbox(client) == []


async def test_a_rate_limit_says_when_it_resets_and_ends_with_its_count(client: Client) -> None:
    async with client.post("/api/faults", json={"status": 429, "count": 1}) as response:
        assert response.status == 200
    status, headers = await send(client)
    noon = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())
    assert (status, headers["X-RateLimit-Remaining"], headers["X-RateLimit-Reset"]) == (429, "0", str(noon + 1))
    assert await inbox(client) == []
    assert (await send(client))[0] == 202


async def test_a_dropped_mail_is_accepted_and_never_shown_until_the_fault_is_cleared(client: Client) -> None:
    async with client.post("/api/faults", json={"drop": True}):
        pass
    assert (await send(client))[0] == 202
    assert await inbox(client) == []
    async with client.delete("/api/faults") as response:
        assert response.status == 204
    async with client.get("/api/faults") as response:
        assert await response.json() == {}
    await send(client)
    assert len(await inbox(client)) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 413, 500, 503])
async def test_a_failure_has_the_shape_of_sendgrids_errors(client: Client, status: int) -> None:
    async with client.post("/api/faults", json={"status": status, "count": 1}):
        pass
    async with client.post("/v3/mail/send", json=MAIL, headers=AUTHORIZED) as response:
        assert response.status == status
        assert set((await response.json())["errors"][0]) == {"message", "field", "help"}
    assert await inbox(client) == []


async def broken(client: Client, **fault: Any) -> None:
    async with client.post("/api/faults", json=fault) as response:
        assert response.status == 200


async def test_a_reset_cuts_the_connection_after_the_mail_was_taken(client: Client) -> None:
    await broken(client, fault="reset", count=1)
    with pytest.raises((ClientOSError, ServerDisconnectedError)):
        await send(client)
    assert len(await inbox(client)) == 1
    await broken(client, fault="reset", drop=True, count=1)
    with pytest.raises((ClientOSError, ServerDisconnectedError)):
        await send(client)
    assert len(await inbox(client)) == 1
    assert (await send(client))[0] == 202


async def test_a_hang_ends_with_the_callers_patience(client: Client) -> None:
    await broken(client, fault="hang", count=1)
    with pytest.raises(TimeoutError):
        async with client.post("/v3/mail/send", json=MAIL, headers=AUTHORIZED, timeout=ClientTimeout(total=0.3)):
            pass
    assert (await send(client))[0] == 202


@pytest.mark.parametrize("status", [202, 503])
async def test_a_slow_body_follows_its_status_without_an_end(client: Client, status: int) -> None:
    await broken(client, fault="slow_body", status=status, count=1)
    async with client.post("/v3/mail/send", json=MAIL, headers=AUTHORIZED, timeout=ClientTimeout(total=0.5)) as answer:
        assert answer.status == status
        assert await answer.content.readexactly(2) == b"  "
        with pytest.raises(TimeoutError):
            await answer.read()
    assert len(await inbox(client)) == (1 if status == 202 else 0)


async def test_the_sandbox_mode_validates_and_sends_nothing(client: Client) -> None:
    assert (await send(client, {**MAIL, "mail_settings": {"sandbox_mode": {"enable": True}}}))[0] == 200
    assert (await send(client, {**MAIL, "mail_settings": []}))[0] == 202
    assert len(await inbox(client)) == 1


async def test_deleting_empties_the_mailbox(client: Client) -> None:
    await send(client)
    async with client.delete("/api/messages") as response:
        assert response.status == 204
    assert await inbox(client) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/faults", b"{", 400),
        ("POST", "/api/faults", b"\xff", 400),
        ("POST", "/api/faults", b'{"status": true}', 422),
        ("POST", "/api/faults", b"[]", 422),
        ("GET", "/api/messages?limit=-1", None, 400),
        ("GET", "/api/messages?limit=\u0663", None, 400),
        ("PUT", "/api/messages", None, 405),
        ("GET", "/api/nothing", None, 404),
    ],
)
async def test_bad_calls_get_a_problem(client: Client, method: str, path: str, body: Any, status: int) -> None:
    async with client.request(method, path, data=body) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert (await response.json())["status"] == status


async def test_the_page_may_load_nothing_from_elsewhere(client: Client) -> None:
    async with client.get("/") as response:
        page = await response.text()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert 'sandbox=""' in page
    assert "//" not in page
    for part in ("/mailbox.js", "/mailbox.css"):
        async with client.get(part) as response:
            assert response.status == 200
            assert "innerHTML" not in await response.text()
