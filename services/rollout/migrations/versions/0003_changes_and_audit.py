"""Changes with their approvals, and the audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0003"
down_revision = "0002"

_MOMENT = sa.TIMESTAMP(timezone=True)
_APPEND_ONLY = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
"""


def upgrade() -> None:
    op.add_column("region_versions", sa.Column("bypass_until", _MOMENT))
    op.add_column("region_versions", sa.Column("change_id", sa.Uuid))
    op.create_table(
        "changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),  # it may be one that the change makes
        sa.Column("base_version", sa.Integer, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("apply_at", _MOMENT),
        sa.Column("authors", ARRAY(sa.Text), nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_digest", sa.Text),
        sa.Column("ended_because", sa.Text),
        sa.Column("begun", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.CheckConstraint("revision >= 1", name="revision_from_one"),
        sa.CheckConstraint(
            "NOT (state = 'applied' AND direction = 'raises') OR"
            " (approved_by IS NOT NULL AND NOT approved_by = ANY (authors))",
            name="raised_by_two",
        ),
    )
    applied = sa.text("state = 'applied'")
    op.create_index("one_applied", "changes", ["region", "base_version"], unique=True, postgresql_where=applied)
    scheduled = sa.text("state = 'scheduled'")
    op.create_index("changes_due", "changes", ["apply_at"], postgresql_where=scheduled)
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.execute(_APPEND_ONLY)
    head = op.create_table(
        "audit_head",
        sa.Column("single", sa.Boolean, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.CheckConstraint("single", name="one_head"),
    )
    op.bulk_insert(head, [{"single": True, "number": 0, "hash": "0" * 64}])


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit")
    op.drop_table("changes")
    op.drop_column("region_versions", "change_id")
    op.drop_column("region_versions", "bypass_until")
