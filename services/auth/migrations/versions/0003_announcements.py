"""Announcements, how far each has come, and the accounts of a region in the order of their ids."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Moment = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "announcements",
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
    op.create_table(
        "announcement_progress",
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
    op.create_index("accounts_of_region", "accounts", ["region", "id"])


def downgrade() -> None:
    op.drop_index("accounts_of_region", "accounts")
    op.drop_table("announcement_progress")
    op.drop_table("announcements")
