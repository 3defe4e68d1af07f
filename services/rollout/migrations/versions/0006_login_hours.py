"""Logins by region and hour, and the attempts that are counted in them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "login_hours",
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("hour", _MOMENT, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("logins", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "counted_logins",
        sa.Column("attempt_id", sa.Uuid, primary_key=True),
        sa.Column("hour", _MOMENT, nullable=False),
    )
    op.create_index("ix_counted_logins_hour", "counted_logins", ["hour"])


def downgrade() -> None:
    op.drop_table("counted_logins")
    op.drop_table("login_hours")
