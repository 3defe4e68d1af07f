"""Sessions, trusted devices, factors, signing keys, imports, audit."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Moment = sa.TIMESTAMP(timezone=True)


def account(**options: Any) -> "sa.Column[Any]":
    return sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False, **options)


def family() -> "list[sa.Column[Any]]":
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


def upgrade() -> None:
    op.add_column("accounts", sa.Column("registered_at", Moment))
    op.add_column("accounts", sa.Column("epoch", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid, primary_key=True),
        account(index=True),
        sa.Column("name", sa.Text, nullable=False),
        *family(),
    )
    op.create_index("devices_revoked", "devices", ["revoked_at"], postgresql_where=sa.text("revoked_at IS NOT NULL"))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        account(index=True),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("amr", ARRAY(sa.Text), nullable=False),
        sa.Column("acr", sa.Text, nullable=False),
        sa.Column("scope", ARRAY(sa.Text), nullable=False),
        sa.Column("auth_time", Moment, nullable=False),
        *family(),
        sa.Column("announced_at", Moment),
    )
    op.create_index("sessions_revoked", "sessions", ["revoked_at"], postgresql_where=sa.text("revoked_at IS NOT NULL"))
    op.create_table(
        "totp_factors",
        account(primary_key=True),
        sa.Column("state", sa.Text, sa.CheckConstraint("state IN ('pending', 'confirmed')"), primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("created_at", Moment, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        account(primary_key=True),
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("used_at", Moment),
    )
    op.create_table(
        "factor_guesses",
        account(primary_key=True),
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("wrong_at", ARRAY(Moment), nullable=False),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("challenge_id", sa.Uuid, primary_key=True),
        sa.Column("expires_at", Moment, nullable=False, index=True),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("seed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("signs_from", Moment, nullable=False),
        sa.Column("withdrawn_at", Moment),
    )
    op.create_table(
        "account_imports",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in IMPORT_COUNTS),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("finished_at", Moment),
    )
    op.create_table(
        "account_import_problems",
        sa.Column("import_id", sa.Text, sa.ForeignKey("account_imports.id"), primary_key=True),
        sa.Column("line", sa.BigInteger, primary_key=True),
        sa.Column("fields", ARRAY(sa.Text), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("account_id", sa.Uuid, index=True),
        sa.Column("reason", sa.Text),
        sa.Column("detail", JSONB, nullable=False),
    )
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


IMPORT_COUNTS = ("lines_done", "bytes_done", "added", "present", "bad")
APPEND_ONLY = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit table is append-only'; END $$
"""
TABLES = (
    "account_import_problems",
    "account_imports",
    "signing_keys",
    "spent_challenges",
    "factor_guesses",
    "recovery_codes",
    "totp_factors",
    "sessions",
    "devices",
)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_append_only ON audit")
    op.execute("DROP FUNCTION audit_is_append_only()")
    for table in ("audit", *TABLES):
        op.drop_table(table)
    op.drop_column("accounts", "epoch")
    op.drop_column("accounts", "registered_at")
