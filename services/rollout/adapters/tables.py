"""The tables. `regions` says which version stands; `region_versions` holds what each version is; it and
`announcements` are append-only."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

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
