"""The operators' interface, put together for app.py."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.adapters.postgres_audit import PostgresAudit
from services.auth.adapters.postgres_imports import PostgresImports
from services.auth.api.admin_accounts import admin_account_routes
from services.auth.api.admin_audit import admin_audit_routes
from services.auth.api.admin_imports import admin_import_routes
from services.auth.use_cases.administer_account import AdministerAccount
from services.auth.use_cases.import_accounts import ImportAccounts
from shared.caller_check import Callers

HASH_AT_ONCE: Final = 1  # the other workers are for those who log in meanwhile


def admin_routes(
    engine: AsyncEngine,
    passwords: PasswordHashes,
    operators: Callers,
    administer: AdministerAccount,
    now: Callable[[], datetime],
) -> APIRouter:
    imports = PostgresImports(engine)
    importing = ImportAccounts(imports, passwords, uuid4, now, HASH_AT_ONCE)
    router = APIRouter()
    router.include_router(admin_account_routes(administer, operators))
    router.include_router(admin_audit_routes(PostgresAudit(engine), operators))
    router.include_router(admin_import_routes(importing, imports, operators))
    return router
