"""Pauses of regions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("figures", JSONB(none_as_null=True)),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by", sa.Text),
        sa.Column("ended_because", sa.Text),
        sa.Column("begun", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.CheckConstraint("num_nulls(ended_at, ended_by, ended_because) IN (0, 3)", name="ended_in_full"),
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index("one_pause_stands", "pauses", ["region"], unique=True, postgresql_where=standing)
    op.create_index("pauses_of_region", "pauses", ["region", "begun"])


def downgrade() -> None:
    op.drop_table("pauses")
