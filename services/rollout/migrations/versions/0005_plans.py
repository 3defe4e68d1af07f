"""Plans, and the changes that they make."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("authors", ARRAY(sa.Text), nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_digest", sa.Text),
        sa.Column("because", sa.Text),
        sa.Column("begun", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 1", name="plan_revision_from_one"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'running', 'completed') OR"
            " (approved_by IS NOT NULL AND NOT approved_by = ANY (authors))",
            name="plan_approved_by_two",
        ),
    )
    running = sa.text("state = 'running'")
    op.create_index("plans_running", "plans", ["begun"], postgresql_where=running)
    op.add_column("changes", sa.Column("plan_id", sa.Uuid, sa.ForeignKey("plans.id")))
    of_plan = sa.text("plan_id IS NOT NULL")
    op.create_index("changes_of_plan", "changes", ["plan_id", "region"], postgresql_where=of_plan)


def downgrade() -> None:
    op.drop_column("changes", "plan_id")
    op.drop_table("plans")
