"""Alembic's entry; run it through `python -m services.auth migrate`."""

from services.auth.adapters.tables import metadata
from shared.postgres import run_migrations

run_migrations(metadata)
