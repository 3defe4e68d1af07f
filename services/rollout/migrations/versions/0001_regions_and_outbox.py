"""Regions, their versions, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

_MOMENT = sa.TIMESTAMP(timezone=True)

# Who decided what, when and why, is not rewritten: not by a slip of ours either.
_REFUSE_REWRITING = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$
"""
_APPEND_ONLY = """
CREATE TRIGGER region_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON region_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
"""


def upgrade() -> None:
    op.create_table(
        "regions",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "region_versions",
        sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("announce_at", _MOMENT),
        sa.Column("enforce_at", _MOMENT),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint("version >= 1", name="version_from_one"),
        sa.CheckConstraint("percent BETWEEN 0 AND 10000", name="percent_in_basis_points"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("trace", JSONB, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
    )
    op.execute(_REFUSE_REWRITING)
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("region_versions")
    op.drop_table("regions")
    op.execute("DROP FUNCTION refuse_rewriting")
