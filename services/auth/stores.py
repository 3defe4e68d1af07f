"""What of auth stands in PostgreSQL."""

import secrets
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_announcements import PostgresAnnouncements
from services.auth.adapters.postgres_devices import PostgresDevices
from services.auth.adapters.postgres_factors import PostgresFactors
from services.auth.adapters.postgres_hash_costs import PostgresHashCosts
from services.auth.adapters.postgres_housekeeping import PostgresHousekeeping
from services.auth.adapters.postgres_own_account import PostgresOwnAccount
from services.auth.adapters.postgres_sessions import PostgresSessions
from services.auth.domain.factor import Method
from services.auth.domain.guess_budget import GuessBudget
from services.auth.domain.session import SessionLives
from services.auth.settings import AuthSettings, seconds
from shared.keyring import Keyring

now = partial(datetime.now, UTC)


class Stores:
    def __init__(self, engine: AsyncEngine, settings: AuthSettings) -> None:
        grace = seconds(settings.rotation_grace_s)
        lives = (seconds(settings.session_life_s), seconds(settings.session_idle_s), grace)
        self.lives = SessionLives(*lives, settings.sessions_per_account)
        self.accounts = PostgresAccounts(engine)
        self.sessions = PostgresSessions(engine, self.lives, secrets.token_bytes)
        self.devices = PostgresDevices(engine, grace, secrets.token_bytes)
        self.own_account = PostgresOwnAccount(engine)
        keys = Keyring.parse(settings.storage_keys.get_secret_value())
        budgets = {
            Method.TOTP: GuessBudget(settings.totp_guesses_per_day, settings.totp_guesses_per_30_days),
            Method.RECOVERY_CODE: GuessBudget(settings.recovery_guesses_per_day, settings.recovery_guesses_per_30_days),
        }
        self.factors = PostgresFactors(engine, keys, budgets, now)
        self.hash_costs = PostgresHashCosts(engine)
        self.expired = PostgresHousekeeping(engine)
        self.announcements = PostgresAnnouncements(engine)
