"""Announcements."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.TIMESTAMP(timezone=True)
_APPEND_ONLY = """
CREATE TRIGGER announcements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON announcements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
"""


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("announced_at", _MOMENT, nullable=False),
    )
    op.create_index("announcements_of_region", "announcements", ["region", "announced_at"])
    op.execute(_APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("announcements")
