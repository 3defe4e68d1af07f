"""The one place where auth is put together."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.argon2_passwords import Argon2Passwords
from services.auth.adapters.otp_client import OtpClient
from services.auth.adapters.policy_snapshot import PolicySnapshot
from services.auth.adapters.postgres_accounts import PostgresAccounts
from services.auth.adapters.postgres_devices import PostgresDevices
from services.auth.adapters.postgres_own_account import PostgresOwnAccount
from services.auth.adapters.postgres_sessions import PostgresSessions
from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.api.account_devices import device_routes
from services.auth.api.authz import authz_routes
from services.auth.api.challenges import challenge_routes
from services.auth.api.client_address import ClientAddresses
from services.auth.api.insufficient import install_insufficient_handler
from services.auth.api.logins import login_routes
from services.auth.api.own_account import own_account_routes
from services.auth.api.sessions import session_routes
from services.auth.api.signed_in import SignedIn
from services.auth.api.step_up import SIGN_IN_ROLE, STEP_UP_ROLE, caller_challenge_routes, own_step_up_routes
from services.auth.domain.decision import Rules
from services.auth.domain.factor import Method
from services.auth.domain.region_policy import RegionPolicies
from services.auth.domain.revocations import Revocations
from services.auth.domain.session import Scopes, SessionLives
from services.auth.handlers import follow_region_policies, follow_revocations
from services.auth.settings import AuthSettings, seconds
from services.auth.use_cases.admit_account import AdmitAccount
from services.auth.use_cases.announce_endings import AnnounceEndings
from services.auth.use_cases.ask_for_mail import AskForMail
from services.auth.use_cases.challenge_account import ChallengeAccount, MailCode
from services.auth.use_cases.change_email import ChangeEmail
from services.auth.use_cases.change_password import ChangePassword
from services.auth.use_cases.check_password import CheckPassword
from services.auth.use_cases.complete_challenge import CompleteChallenge
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.follow_policies import FollowPolicies
from services.auth.use_cases.log_in import LogIn
from services.auth.use_cases.open_session import OpenSession
from services.auth.use_cases.own_devices import OwnDevices
from services.auth.use_cases.own_sessions import OwnSessions
from services.auth.use_cases.refresh_session import RefreshSession
from services.auth.use_cases.step_up import SignInVouched, StepUp
from services.auth.use_cases.throttle_passwords import ThrottlePasswords
from services.auth.use_cases.trust_device import TrustDevice
from services.auth.use_cases.verify_challenge import VerifyChallenge
from shared.caller_check import role_required
from shared.credentials import CredentialBook
from shared.encryption import Encryption
from shared.health import Health
from shared.http_service import http_service
from shared.kafka import EventBus
from shared.keyring import Keyring
from shared.postgres import postgres_answers, postgres_engine
from shared.sealing import Sealer

now = partial(datetime.now, UTC)


def build(settings: AuthSettings) -> FastAPI:
    return _Auth(settings).app()


class _Stores:
    """What stands in PostgreSQL."""

    def __init__(self, engine: AsyncEngine, settings: AuthSettings) -> None:
        grace = seconds(settings.rotation_grace_s)
        self.lives = SessionLives(seconds(settings.session_life_s), seconds(settings.session_idle_s), grace)
        self.accounts = PostgresAccounts(engine)
        self.sessions = PostgresSessions(engine, self.lives, secrets.token_bytes)
        self.devices = PostgresDevices(engine, grace, secrets.token_bytes)
        self.own_account = PostgresOwnAccount(engine)
