"""`keys rotate`, `keys list`, `keys withdraw KID`."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.domain.audit import COMMAND_LINE
from services.auth.domain.signing_keys import SigningKey, SigningKeys
from services.auth.settings import RotationSettings
from services.auth.use_cases.rotate_signing_keys import LeadTooShort, NotWithdrawn, RotateSigningKeys, Withdrawn
from shared.encryption import Encryption
from shared.keyring import Keyring
from shared.postgres import postgres_engine
from shared.settings import read
from shared.unavailable import DependencyUnavailable

T = TypeVar("T")


def rotate(arguments: list[str]) -> None:
    settings = read(RotationSettings)
    parser = argparse.ArgumentParser(prog="gatepost keys rotate", description="The next signing key, in good time.")
    text = f"before the new key signs; default {settings.key_lead_s}, at least {settings.least_lead_s:g}"
    parser.add_argument("--lead", type=int, default=settings.key_lead_s, metavar="SECONDS", help=text)
    lead = timedelta(seconds=parser.parse_args(arguments).lead)

    async def made(store: PostgresSigningKeys) -> SigningKey | LeadTooShort:
        return await _rotation(store, settings).rotate(lead, COMMAND_LINE)

    result = _with_store(settings, made)
    if isinstance(result, LeadTooShort):
        parser.error(f"--lead must be at least {result.least.total_seconds():g}: until then a gateway may not know it")
    _say(f"{result.kid} is published now and signs from {result.signs_from:%Y-%m-%d %H:%M:%S} UTC")


def show(arguments: list[str]) -> None:
    """`keys list`: newest last."""
    argparse.ArgumentParser(prog="gatepost keys list").parse_args(arguments)
    now = datetime.now(UTC)
    stored = _with_store(read(RotationSettings), lambda store: store.all())
    keys = SigningKeys(stored)
    for key in stored:
        _say(f"{key.kid:<24} {_state(key, keys, now):<10} signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC")


def withdraw(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="gatepost keys withdraw",
        description="Refuse every token of a key, in all instances within seconds. Whoever holds one signs in again.",
    )
    parser.add_argument("kid", help="as `keys list` shows it")
    kid: str = parser.parse_args(arguments).kid
    settings = read(RotationSettings)

    async def made(store: PostgresSigningKeys) -> Withdrawn | NotWithdrawn:
        return await _rotation(store, settings).withdraw(kid, COMMAND_LINE)

    result = _with_store(settings, made)
    if isinstance(result, NotWithdrawn):
        parser.error(f"{kid} is {result}")
    _say(f"{kid} is withdrawn; every instance knows within {settings.key_refresh_s:g} s")
    if result.substitute is not None:
        _say(f"{result.substitute.kid} signs now; gateways learn it within {settings.jwks_max_age_s} s")


def _state(key: SigningKey, keys: SigningKeys, now: datetime) -> str:
    if key.withdrawn_at is not None:
        return "withdrawn"
    if key == keys.signer(now):
        return "signs"
    if key.signs_from > now:
        return "next"
    return "accepted" if keys.get(key.kid, now) else "ended"


def _rotation(store: PostgresSigningKeys, settings: RotationSettings) -> RotateSigningKeys:
    least = timedelta(seconds=settings.least_lead_s)
    return RotateSigningKeys(store, secrets.token_bytes, lambda: datetime.now(UTC), least)


def _with_store(settings: RotationSettings, call: Callable[[PostgresSigningKeys], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = postgres_engine(settings.database_url, autocommit=True)
        encryption = Encryption(Keyring.parse(settings.storage_keys.get_secret_value()))
        try:
            return await call(PostgresSigningKeys(engine, encryption))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except DependencyUnavailable as error:
        sys.exit(f"{error}; nothing was changed")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a command's answer
