"""The factors that auth keeps itself, put together: TOTP and recovery codes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.factor_guesses import FactorGuesses
from services.auth.adapters.postgres_judge import PostgresJudge
from services.auth.adapters.postgres_recovery_codes import PostgresRecoveryCodes
from services.auth.adapters.postgres_totp import CONFIRMED, PostgresTotp
from services.auth.adapters.tables import accounts, recovery_codes, totp_factors
from services.auth.domain.factor import Method
from services.auth.domain.guess_budget import GuessBudget
from services.auth.domain.recovery_code import RecoveryCodeHashes
from services.auth.use_cases.show_factors import Factors
from shared.encryption import Encryption
from shared.keyring import Keyring
from shared.postgres import outages

_TOTP = sa.exists().where(totp_factors.c.account_id == accounts.c.id, totp_factors.c.state == CONFIRMED)
_CODES_LEFT = (
    sa.select(sa.func.count())
    .where(recovery_codes.c.account_id == accounts.c.id, recovery_codes.c.used_at.is_(None))
    .scalar_subquery()
)
_OF = sa.select(
    accounts.c.username, accounts.c.email, _TOTP.label("totp"), _CODES_LEFT.label("recovery_codes_left")
).where(accounts.c.id == sa.bindparam("id"))


class PostgresFactors:
    """`budgets` has one for each of the two methods; `judges` are for VerifyChallenge."""

    def __init__(
        self, engine: AsyncEngine, keys: Keyring, budgets: Mapping[Method, GuessBudget], now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        by_code = FactorGuesses(Method.RECOVERY_CODE, budgets[Method.RECOVERY_CODE])
        by_app = FactorGuesses(Method.TOTP, budgets[Method.TOTP])
        self.recovery_codes = PostgresRecoveryCodes(engine, RecoveryCodeHashes(keys), by_code, now)
        self.totp = PostgresTotp(engine, Encryption(keys), by_app, self.recovery_codes, now)
        self.judges = {
            Method.RECOVERY_CODE: PostgresJudge(engine, by_code, self.recovery_codes, now),
            Method.TOTP: PostgresJudge(engine, by_app, self.totp, now),
        }

    async def of(self, account_id: UUID) -> Factors:
        with outages():
            async with self._engine.connect() as connection:
                row = (await connection.execute(_OF, {"id": account_id})).one()
        return Factors(**row._mapping)
