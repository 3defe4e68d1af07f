"""Auth's tables."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData()

Moment = sa.TIMESTAMP(timezone=True)


def _account(**options: Any) -> "sa.Column[Any]":
    return sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, **options)


def _family() -> "list[sa.Column[Any]]":
    """Of a rotating token (services/auth/domain/rotating_token.py)."""
    return [
        sa.Column("finder_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary),
        sa.Column("nonce", sa.LargeBinary),
        sa.Column("rotated_at", Moment),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("last_used_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False, index=True),
        sa.Column("revoked_at", Moment),
        sa.Column("revoked_reason", sa.Text),
    ]


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("username_key", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=True),
    sa.Column("sso", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("own_mfa", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("status", sa.Text, sa.CheckConstraint("status IN ('active', 'locked')"), nullable=False),
    sa.Column("created_at", Moment, nullable=False, server_default=sa.func.now()),
    sa.Column("registered_at", Moment),
    # Counts what makes everything void that was begun before: challenges, and logins that are under way.
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Index("accounts_of_region", "region", "id"),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _account(index=True),
    sa.Column("name", sa.Text, nullable=False),
    *_family(),
    sa.Index("devices_revoked", "revoked_at", postgresql_where=sa.text("revoked_at IS NOT NULL")),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _account(index=True),
    sa.Column("product", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("amr", ARRAY(sa.Text), nullable=False),
    sa.Column("acr", sa.Text, nullable=False),
    sa.Column("scope", ARRAY(sa.Text), nullable=False),
    sa.Column("auth_time", Moment, nullable=False),
    *_family(),
    sa.Column("announced_at", Moment),  # when its revocation was known to be on Kafka
    sa.Index("sessions_revoked", "revoked_at", postgresql_where=sa.text("revoked_at IS NOT NULL")),
)

totp_factors = sa.Table(
    "totp_factors",
    metadata,
    _account(primary_key=True),
    sa.Column("state", sa.Text, sa.CheckConstraint("state IN ('pending', 'confirmed')"), primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("last_step", sa.BigInteger),  # RFC 6238 time step of the newest code that was accepted
    sa.Column("created_at", Moment, nullable=False),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    _account(primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("used_at", Moment),
)

factor_guesses = sa.Table(
    "factor_guesses",
    metadata,
    _account(primary_key=True),
    sa.Column("method", sa.Text, primary_key=True),
    sa.Column("wrong_at", ARRAY(Moment), nullable=False),
)

spent_challenges = sa.Table(
    "spent_challenges",
    metadata,
    sa.Column("challenge_id", sa.Uuid, primary_key=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("seed", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("signs_from", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
)

account_imports = sa.Table(
    "account_imports",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("lines_done", sa.BigInteger, nullable=False),
    sa.Column("bytes_done", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("present", sa.BigInteger, nullable=False),
    sa.Column("bad", sa.BigInteger, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
)

account_import_problems = sa.Table(
    "account_import_problems",
    metadata,
    sa.Column("import_id", sa.Text, sa.ForeignKey("account_imports.id"), primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True),
    sa.Column("fields", ARRAY(sa.Text), nullable=False),
)

announcements = sa.Table(
    "announcements",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("pace", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("paused_at", Moment),
)

# Apart, because whoever spreads an announcement holds its row for as long as a page takes.
announcement_progress = sa.Table(
    "announcement_progress",
    metadata,
    sa.Column("announcement_id", sa.Uuid, sa.ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("after", sa.Uuid, nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("sent", sa.BigInteger, nullable=False),
    sa.Column("unreachable", sa.BigInteger, nullable=False),
    sa.Column("rate", sa.Double, nullable=False),
    sa.Column("paged_at", Moment),
    sa.Column("started_at", Moment),
    sa.Column("finished_at", Moment),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, index=True),  # no foreign key: what was recorded outlives the account
    sa.Column("reason", sa.Text),
    sa.Column("detail", JSONB, nullable=False),
)
