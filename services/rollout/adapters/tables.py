"""The tables. `regions` says which version stands; `region_versions` holds what each version is; it, `announcements`
and `audit` are append-only. `audit_head` is one row: what `audit` ends with."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = sa.MetaData()

regions = sa.Table(
    "regions",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

region_versions = sa.Table(
    "region_versions",
    metadata,
    sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), primary_key=True),
    sa.Column("version", sa.Integer, sa.CheckConstraint("version >= 1", name="version_from_one"), primary_key=True),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column(
        "percent",
        sa.Integer,
        sa.CheckConstraint("percent BETWEEN 0 AND 10000", name="percent_in_basis_points"),
        nullable=False,
    ),
    sa.Column("announce_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("enforce_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("bypass_until", sa.TIMESTAMP(timezone=True)),
    sa.Column("change_id", sa.Uuid),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("base_version", sa.Integer, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("apply_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("authors", ARRAY(sa.Text), nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_digest", sa.Text),
    sa.Column("ended_because", sa.Text),
    sa.Column("begun", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("plan_id", sa.Uuid, sa.ForeignKey("plans.id")),
    sa.Index("one_applied", "region", "base_version", unique=True, postgresql_where=sa.text("state = 'applied'")),
    sa.Index("changes_due", "apply_at", postgresql_where=sa.text("state = 'scheduled'")),
    sa.Index("changes_of_plan", "plan_id", "region", postgresql_where=sa.text("plan_id IS NOT NULL")),
)

plans = sa.Table(
    "plans",
    metadata,
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
    sa.Index("plans_running", "begun", postgresql_where=sa.text("state = 'running'")),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("region", sa.Text),
    sa.Column("detail", JSONB, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), nullable=False),
    sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("figures", JSONB(none_as_null=True)),
    sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_because", sa.Text),
    sa.Column("begun", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
    sa.Index("one_pause_stands", "region", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("pauses_of_region", "region", "begun"),
)

announcements = sa.Table(
    "announcements",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("region", sa.Text, sa.ForeignKey("regions.name"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("until", sa.TIMESTAMP(timezone=True)),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("announced_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("announcements_of_region", "region", "announced_at"),
)

login_hours = sa.Table(
    "login_hours",
    metadata,
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("hour", sa.TIMESTAMP(timezone=True), primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("logins", sa.BigInteger, nullable=False),
)

# Attempts that `login_hours` has: an event may come again.
counted_logins = sa.Table(
    "counted_logins",
    metadata,
    sa.Column("attempt_id", sa.Uuid, primary_key=True),
    sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False, index=True),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("trace", JSONB, nullable=False),
    sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
)
