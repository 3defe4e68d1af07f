"""`gatepost suppressions …` at a notifier with a real Valkey."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import structlog

from deploy.local.ports import free_port
from deploy.local.valkey import Valkey
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.app import build
from services.notifier.domain.suppression import AddressHashes, Cause, SuppressionTerms
from shared.keyring import Keyring
from shared.redis import redis_client
from tests.integration.notifier.conftest import now, serving
from tests.integration.notifier.test_feedback import GONE, TOKENS, settings
from tests.integration.shared.operator_command import Answer, gatepost_told
from tests.integration.shared.served import served
from tests.unit.notifier.fakes import PRIVATE_KEYS

REASON = ("--reason", "Mailbox is back, ticket 4711")


@dataclass
class Desk:
    """Where support sits: the notifier needs no Kafka for it."""

    url: str
    suppressions: RedisSuppressions

    async def bounced(self) -> str:
        """An address on the list."""
        address = f"kim.{uuid4().hex}@customer.example"
        await self.suppressions.add(address, Cause.BOUNCED, now())
        return address

    async def run(self, *words: str, typed: str = "", token: str = TOKENS["support"]) -> Answer:
        return await run(self.url, *words, typed=typed, token=token)


async def run(url: str, *words: str, typed: str = "", token: str = TOKENS["support"]) -> Answer:
    told = {"GATEPOST_NOTIFIER_URL": url, "GATEPOST_OPERATOR_TOKEN": token}
    answer = await gatepost_told(told, "suppressions", *words, typed=typed)
    assert "Traceback" not in answer.err
    assert token not in answer.out + answer.err
    return answer


@pytest.fixture(scope="module")
async def desk(valkey: Valkey) -> AsyncIterator[Desk]:
    client = redis_client(valkey.url)
    async with served(build(settings(GONE, valkey.url))) as url:
        yield Desk(url, RedisSuppressions(client, AddressHashes(Keyring.parse(PRIVATE_KEYS)), SuppressionTerms()))
    await client.aclose()


async def test_support_sees_why_an_address_is_not_mailed_and_until_when(desk: Desk) -> None:
    address = await desk.bounced()
    shown = await desk.run("show", "--json", typed=f"{address}\n")
    assert (shown.code, shown.err) == (0, "")
    found = json.loads(shown.out)
    assert (found["suppressed"], found["cause"]) == (True, "bounced")
    since, ends = (datetime.fromisoformat(found[name]) for name in ("since", "expires_at"))
    assert ends - since == timedelta(days=30)

    said = (await desk.run("show", typed=address)).out
    assert said == f"on the list: bounced {since:%Y-%m-%d %H:%M} UTC, not mailed until {ends:%Y-%m-%d %H:%M} UTC\n"


async def test_what_is_cleared_is_mailed_again_and_the_reason_stands_in_the_log(desk: Desk) -> None:
    address = await desk.bounced()
    with structlog.testing.capture_logs() as logs:
        cleared = await desk.run("clear", *REASON, typed=address)
    assert (cleared.code, cleared.out, cleared.err) == (0, "it is mailed again, from now on\n", "")
    assert await desk.suppressions.of(address) is None
    assert (await desk.run("show", typed=address)).out == "not on the list\n"
    (entry,) = [each for each in logs if each["event"] == "suppression_cleared"]
    assert (entry["operator"], entry["reason"]) == ("sam", REASON[1])

    again = await desk.run("clear", *REASON, typed=address)
    assert (again.code, again.out, again.err) == (1, "", "it was not on the list\n")


@pytest.mark.parametrize("words", [("{address}",), ("-",)], ids=["as a word", "from standard input"])
async def test_an_address_may_be_a_word_or_come_from_standard_input(desk: Desk, words: tuple[str, ...]) -> None:
    address = await desk.bounced()
    given = [word.format(address=address) for word in words]
    assert (await desk.run("show", *given, typed=address)).out.startswith("on the list: bounced")


async def test_on_a_terminal_it_asks_for_the_address(desk: Desk) -> None:
    address = await desk.bounced()
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "GATEPOST_NOTIFIER_URL": desk.url, "GATEPOST_OPERATOR_TOKEN": TOKENS["support"]}
    command = (sys.executable, "-m", "services.gatepost", "suppressions", "show")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=env, stdin=theirs, stdout=pipe, stderr=pipe)
    os.close(theirs)
    os.write(ours, f"{address}\n".encode())
    out, err = await process.communicate()
    os.close(ours)
    assert err == b"address: "
    assert out.startswith(b"on the list: bounced")


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("stranger", "does not know GATEPOST_OPERATOR_TOKEN"),
        (TOKENS["viewer"], "has a role that may not do this"),
    ],
)
async def test_whose_token_does_not_do_changes_nothing_and_is_told(desk: Desk, token: str, says: str) -> None:
    address = await desk.bounced()
    for words in (("show",), ("clear", *REASON)):
        refused = await desk.run(*words, typed=address, token=token)
        assert (refused.code, refused.out) == (2, "")
        assert says in refused.err
    assert await desk.suppressions.of(address) is not None


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (("show",), "", "address: "),
        (("show",), "kim", "not one plain address"),
        (("show",), "kim@a.example, alex@a.example", "not one plain address"),
        (("clear",), "kim@a.example", "--reason"),
        (("clear", "--reason", "kim@a.example asked"), "kim@a.example", "reason: "),
        (("clear", "--reason", "x"), "kim@a.example", "reason: "),
    ],
    ids=str,
)
async def test_what_the_notifier_would_refuse_is_not_sent(words: tuple[str, ...], typed: str, says: str) -> None:
    refused = await run(f"http://{GONE}", *words, typed=typed)
    assert (refused.code, refused.out) == (2, "")
    assert says in refused.err
    assert "kim@" not in refused.err


async def test_what_answers_and_is_no_notifier_is_named(mailbox: str) -> None:
    async def anything(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with serving(anything) as other:
        for url in (mailbox, other):
            refused = await run(url, "show", typed="kim@customer.example")
            assert (refused.code, refused.out) == (2, "")
            assert "is no notifier" in refused.err


async def test_neither_token_nor_address_follows_a_redirect(mailbox: str) -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(f"HTTP/1.1 307 Go\r\nLocation: {mailbox}/\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with serving(elsewhere) as url:
        refused = await run(url, "show", typed="kim@customer.example")
    assert (refused.code, refused.out) == (2, "")
    assert "refuses (307)" in refused.err


async def test_while_redis_or_the_notifier_is_away_it_may_be_tried_again() -> None:
    async with served(build(settings(GONE, f"redis://{GONE}/0"))) as url:
        for words in (("show",), ("clear", *REASON)):
            stopped = await run(url, *words, typed="kim@customer.example")
            assert (stopped.code, stopped.out) == (os.EX_TEMPFAIL, "")
            assert "cannot do it just now (503)" in stopped.err
    gone = f"http://127.0.0.1:{free_port()}"
    stopped = await run(gone, "show", typed="kim@customer.example")
    assert (stopped.code, stopped.out) == (os.EX_TEMPFAIL, "")
    assert f"nothing answers at GATEPOST_NOTIFIER_URL={gone}" in stopped.err


@pytest.mark.parametrize(
    "wrong",
    [
        {"GATEPOST_NOTIFIER_URL": "notifier"},
        {"GATEPOST_NOTIFIER_URL": "http://sam:secret@notifier"},
        {"GATEPOST_OPERATOR_TOKEN": "two words"},
        {"GATEPOST_OPERATOR_TOKEN": ""},
    ],
    ids=str,
)
async def test_a_wrong_setting_is_named_and_not_shown(wrong: dict[str, Any]) -> None:
    told = {"GATEPOST_NOTIFIER_URL": f"http://{GONE}", "GATEPOST_OPERATOR_TOKEN": "token", **wrong}
    ((name, value),) = wrong.items()
    answer = await gatepost_told(told, "suppressions", "show", "kim@customer.example")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"setting {name}: ")
    assert not value or value not in answer.err
