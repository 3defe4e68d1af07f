"""What auth is made of, without its HTTP: the use cases, on the stores of services/auth/stores.py."""

import secrets
import socket
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.adapters.otp_client import OtpClient
from services.auth.adapters.password_hashes import PasswordHashes
from services.auth.adapters.policy_snapshot import PolicySnapshot
from services.auth.adapters.postgres_population import PostgresCountingTurns
from services.auth.adapters.postgres_signing_keys import PostgresSigningKeys
from services.auth.adapters.qr_codes import draw_qr_code
from services.auth.adapters.signed_tokens import SignedTokens
from services.auth.adapters.throttle import password_throttle
from services.auth.domain.decision import Rules
from services.auth.domain.decoys import Decoys
from services.auth.domain.factor import Method
from services.auth.domain.region_policy import RegionPolicies
from services.auth.domain.revocations import Revocations
from services.auth.domain.session import Scopes
from services.auth.domain.signing_keys import SigningKeys
from services.auth.settings import AuthSettings, seconds
from services.auth.stores import Stores, now
from services.auth.use_cases.admit_account import AdmitAccount
from services.auth.use_cases.announce_endings import AnnounceEndings
from services.auth.use_cases.ask_for_mail import AskForMail
from services.auth.use_cases.challenge_account import ChallengeAccount, MailCode
from services.auth.use_cases.change_email import ChangeEmail
from services.auth.use_cases.change_password import ChangePassword
from services.auth.use_cases.check_password import CheckPassword
from services.auth.use_cases.code_addresses import CodeAddresses
from services.auth.use_cases.complete_challenge import CompleteChallenge
from services.auth.use_cases.count_population import CountPopulation
from services.auth.use_cases.enrol_totp import EnrolTotp
from services.auth.use_cases.follow_challenge import FollowChallenge
from services.auth.use_cases.follow_hash_costs import FollowHashCosts
from services.auth.use_cases.follow_policies import FollowPolicies
from services.auth.use_cases.follow_signing_keys import FollowSigningKeys
from services.auth.use_cases.log_in import LogIn
from services.auth.use_cases.mailable_challenge import MailableChallenge
from services.auth.use_cases.make_recovery_codes import MakeRecoveryCodes
from services.auth.use_cases.open_session import OpenSession
from services.auth.use_cases.own_devices import OwnDevices
from services.auth.use_cases.own_sessions import OwnSessions
from services.auth.use_cases.refresh_hash import RefreshHash
from services.auth.use_cases.refresh_session import RefreshSession
from services.auth.use_cases.remove_totp import RemoveTotp
from services.auth.use_cases.report_applied import ReportApplied
from services.auth.use_cases.report_outcomes import ReportOutcomes
from services.auth.use_cases.resend_code import ResendCode
from services.auth.use_cases.send_notice import SendNotice
from services.auth.use_cases.show_factors import ShowFactors
from services.auth.use_cases.spread_announcements import SpreadAnnouncements
from services.auth.use_cases.step_up import SignInVouched, StepUp
from services.auth.use_cases.sweep_expired import SweepExpired
from services.auth.use_cases.tell_factor_changed import TellFactorChanged
from services.auth.use_cases.tell_owner import TellOwner
from services.auth.use_cases.trust_device import TrustDevice
from services.auth.use_cases.verify_challenge import CodeJudge, VerifyChallenge
from shared.encryption import Encryption
from shared.events import RegionPolicyChanged
from shared.keyring import Keyring
from shared.publisher import EventPublisher
from shared.redis import RedisClient
from shared.sealing import Sealer


class Signing:
    """Who is let in by a token, and who no longer."""

    def __init__(self, engine: AsyncEngine, settings: AuthSettings) -> None:
        keys = SigningKeys()
        stored = PostgresSigningKeys(engine, Encryption(Keyring.parse(settings.storage_keys.get_secret_value())))
        self.follow_keys = FollowSigningKeys(stored, keys, secrets.token_bytes, now)
        lives = (seconds(settings.access_token_life_s), seconds(settings.step_up_life_s))
        self.tokens = SignedTokens(keys, settings.issuer, *lives, now)
        self.revocations = Revocations()


class Policies:
    """What the regions ask for, who is told that we know, and of how many accounts."""

    def __init__(self, publisher: EventPublisher, settings: AuthSettings) -> None:
        self.known = RegionPolicies()
        name = f"{socket.gethostname()[:100]}:{settings.port}"
        self.report = ReportApplied(uuid4(), name, settings.heartbeat_s, self.known, publisher.publish, now)
        self.turns = PostgresCountingTurns(settings.database_url)
        self.count = CountPopulation(self.turns, self.known, publisher.publish, now, settings.population_every_s)
        self.follow = FollowPolicies(self.known, PolicySnapshot(settings.policy_snapshot), self._applied)
        self.rules = Rules(seconds(settings.new_account_grace_s))

    def _applied(self, policy: RegionPolicyChanged) -> None:
        self.report.applied(policy)
        self.count.applied(policy)


class Tellers:
    """What auth tells others about: decisions, endings, and people about their own accounts."""

    def __init__(self, stores: Stores, signing: Signing, publisher: EventPublisher, settings: AuthSettings) -> None:
        self.sealer = Sealer(Keyring.parse(settings.sealing_public_keys.get_secret_value()))
        access_life = seconds(settings.access_token_life_s)
        storage_keys = Keyring.parse(settings.storage_keys.get_secret_value())
        self.code_addresses = CodeAddresses(self.sealer, Encryption(storage_keys))
        self.mail_code = MailCode(publisher.publish, self.code_addresses)
        self.outcomes = ReportOutcomes(publisher.publish, uuid4, now)
        self.endings = AnnounceEndings(signing.revocations, stores.sessions, publisher.publish, access_life, now)
        self.notice = SendNotice(publisher.publish, self.sealer, uuid4, seconds(settings.notice_life_s))
        self.owner = TellOwner(stores.accounts, self.notice)
        self.owner_behind_the_answer = TellOwner(stores.accounts, self.notice.behind_the_answer)
        self.factor_changed = TellFactorChanged(self.owner, now)
        self.spread_announcements = SpreadAnnouncements(stores.announcements, publisher.publish, self.sealer, now)

    async def stop(self) -> None:
        await self.outcomes.stop()
        await self.notice.stop()


class UseCases:
    """What the gateway, trusted callers and signed-in people ask for."""

    def __init__(
        self,
        stores: Stores,
        signing: Signing,
        policies: Policies,
        tell: Tellers,
        settings: AuthSettings,
        redis: RedisClient,
    ) -> None:
        keys = Keyring.parse(settings.storage_keys.get_secret_value())
        accounts, tokens = stores.accounts, signing.tokens
        self.passwords = PasswordHashes(settings)
        self.otp = OtpClient(str(settings.otp_url), settings.otp_credential, settings.most_event_streams)
        self.refresh_hash = RefreshHash(accounts, self.passwords)
        throttle = password_throttle(redis, settings, keys)
        decoys = Decoys(keys.current.for_use("decoys"), self.passwords.nobodys)
        self.follow_hash_costs = FollowHashCosts(stores.hash_costs, decoys)
        check = CheckPassword(accounts, self.passwords, decoys, stores.devices, throttle, self.refresh_hash)
        scopes = Scopes(settings.scopes, frozenset(settings.sensitive_scopes))
        open_session = OpenSession(stores.sessions, stores.lives, scopes, uuid4)
        challenge = ChallengeAccount(
            tell.mail_code,
            uuid4,
            seconds(settings.challenge_life_s),
            keys.current.for_use("client"),
            email_may_replace_totp=settings.email_may_replace_totp,
        )
        admit = AdmitAccount(
            policies.known, policies.rules, stores.devices, open_session, challenge, tell.outcomes.decided
        )
        self.log_in = LogIn(check, admit, now)
        self.step_up = StepUp(accounts, policies.known, challenge, tell.outcomes.decided, now)
        self.vouched = SignInVouched(accounts, admit, now)
        self.change_email = ChangeEmail(accounts, stores.own_account, challenge, tell.code_addresses, tell.notice)
        told = tell.owner_behind_the_answer
        trust = TrustDevice(stores.devices, seconds(settings.device_life_s), uuid4, told)
        complete = CompleteChallenge(open_session, stores.sessions, trust, self.change_email, told)
        judges: dict[Method, CodeJudge] = {**stores.factors.judges, Method.EMAIL_OTP: self.otp}
        self.verify = VerifyChallenge(tokens, accounts, judges, complete, tell.outcomes.completed, now)
        mailable = MailableChallenge(tokens, accounts)
        self.ask_for_mail = AskForMail(mailable, tell.mail_code, self.otp.progress)
        self.resend = ResendCode(mailable, tell.code_addresses, self.otp)
        self.follow_challenge = FollowChallenge(tokens, self.otp, now)
        self.change_password = ChangePassword(
            accounts, self.passwords, stores.own_account, throttle, tell.endings, tell.notice, now
        )
        self.refresh = RefreshSession(stores.sessions, tell.endings, tell.owner, now)
        self.own_sessions = OwnSessions(stores.sessions, tell.endings, now)
        self.own_devices = OwnDevices(stores.devices, now)
        self.sweep = SweepExpired(stores.expired, now)

    async def close(self) -> None:
        await self.refresh_hash.settle()
        await self.otp.close()
        self.passwords.close()


class FactorUseCases:
    """What a signed-in person does with the factors of the account."""

    def __init__(self, stores: Stores, changed: TellFactorChanged, settings: AuthSettings) -> None:
        factors, issuer = stores.factors, settings.totp_issuer
        self.enrol_totp = EnrolTotp(factors.totp, factors, draw_qr_code, secrets.token_bytes, issuer, changed)
        self.remove_totp = RemoveTotp(factors.totp, changed)
        self.make_recovery_codes = MakeRecoveryCodes(factors.recovery_codes, secrets.token_bytes, changed)
        self.show = ShowFactors(factors)
