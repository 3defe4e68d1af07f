"""Alembic's entry; run it through `python -m services.auth migrate`."""

from services.auth.adapters.accounts_table import metadata
from shared.postgres import run_migrations

run_migrations(metadata)
