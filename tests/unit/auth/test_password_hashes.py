"""Passwords are hashed off the event loop, within bounds, by our scheme and by others."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.settings import PasswordSettings
from shared.unavailable import DependencyUnavailable


def passwords(workers: int = 1, queue: int = 4, memory_kib: int = 64, time_cost: int = 1) -> PasswordHashes:
    return PasswordHashes(
        PasswordSettings(
            argon2_memory_kib=memory_kib, argon2_time_cost=time_cost, argon2_workers=workers, argon2_queue=queue
        )
    )


@pytest.fixture
def quick() -> Iterator[PasswordHashes]:
    made = passwords()
    yield made
    made.close()


@pytest.mark.parametrize("password", ["right", "pass\x00word", "pässwörd", "🔑" * 256, " ", "a" * 1024])
async def test_a_password_matches_its_hash_and_no_other(quick: PasswordHashes, password: str) -> None:
    stored = await quick.hash(password)

    assert await quick.verify(stored, password)
    assert not await quick.verify(stored, password + "x")
    assert not await quick.verify(stored, password[:-1])
    assert password not in stored


async def test_it_is_argon2id_with_the_settings_and_a_salt_of_its_own(quick: PasswordHashes) -> None:
    one, other = await quick.hash("right"), await quick.hash("right")
    parameters = extract_parameters(one)

    assert one != other
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, 64, 1)


def test_the_defaults_are_those_that_owasp_names_first() -> None:
    settings = PasswordSettings()

    assert (settings.argon2_memory_kib, settings.argon2_time_cost) == (19_456, 2)


@pytest.mark.parametrize("stored", ["", "plain", "$2b$12$abcdefghijklmnopqrstuu", "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ"])
async def test_a_hash_that_cannot_be_used_matches_nothing(quick: PasswordHashes, stored: str) -> None:
    assert not await quick.verify(stored, "right")


async def test_nobody_has_no_password(quick: PasswordHashes) -> None:
    assert not await quick.verify(quick.nobodys, "right")
    assert not await quick.verify(quick.nobodys, "")


async def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    slow = passwords(memory_kib=19_456, time_cost=2)
    stored = await slow.hash("right")
    took: dict[str, list[float]] = {stored: [], slow.nobodys: []}
    for _ in range(7):
        for known in took:
            began = time.perf_counter()
            await slow.verify(known, "wrong")
            took[known].append(time.perf_counter() - began)
    slow.close()

    assert 0.5 < min(took[stored]) / min(took[slow.nobodys]) < 2  # nobody's hash took none of it once


async def test_the_event_loop_goes_on_while_a_password_is_checked(quick: PasswordHashes) -> None:
    threads = []
    gate = threading.Event()

    def matches(password_hash: str, password: str) -> bool:
        threads.append(threading.current_thread().name)
        return gate.wait(5)

    quick._matches = matches  # type: ignore[method-assign]
    checking = asyncio.create_task(quick.verify("stored", "right"))
    while not threads:  # would never end if the loop were held
        await asyncio.sleep(0)
    gate.set()

    assert await checking
    assert threads[0].startswith("passwords")


async def test_what_does_not_fit_in_the_queue_is_unavailable_and_there_is_room_again_afterwards() -> None:
    small = passwords(workers=1, queue=2)
    stored = await small.hash("right")
    answers = await asyncio.gather(*(small.verify(stored, "right") for _ in range(5)), return_exceptions=True)

    assert answers[:3] == [True, True, True]
    refused = answers[3:]
    assert all(isinstance(each, DependencyUnavailable) and each.dependency == "password-hashing" for each in refused)
    assert await small.verify(stored, "right")
    small.close()
