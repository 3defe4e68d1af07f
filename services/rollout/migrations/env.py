"""Alembic's entry: `python -m services.rollout migrate`."""

from services.rollout.adapters.tables import metadata
from shared.postgres import run_migrations

run_migrations(metadata)
