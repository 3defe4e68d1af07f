"""What the OTP service is made of, without its HTTP: keys, stores in Redis, and the use cases on them."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_changes import RedisChanges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_fleet import RedisFleet
from services.otp.domain.passcode import PasscodeBook
from services.otp.settings import OtpSettings
from services.otp.use_cases.announce_passcode import AnnouncePasscode
from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode, Minting
from services.otp.use_cases.resend_passcode import ResendPasscode
from services.otp.use_cases.tell_ends import TellEnds
from services.otp.use_cases.unlock_account import UnlockAccount
from services.otp.use_cases.verify_passcode import VerifyPasscode
from services.otp.use_cases.watch_wrong_codes import WatchWrongCodes
from shared.follow_keys import FollowKeys
from shared.keyring import Keyring
from shared.publisher import EventPublisher
from shared.redis import redis_client
from shared.redis_script import Scripts
from shared.sealing import Sealer


class Keys:
    """The keys of the service, which may change while it runs."""

    def __init__(self, settings: OtpSettings, reread: Callable[[], OtpSettings] | None) -> None:
        peppers, code_keys, sealing_keys = (
            Keyring.parse(text.get_secret_value())
            for text in (settings.peppers, settings.code_keys, settings.sealing_public_keys)
        )
        self.book, self.sealer = PasscodeBook(peppers, code_keys), Sealer(sealing_keys)
        uses = {
            "peppers": self.book.use_peppers,
            "code_keys": self.book.use_code_keys,
            "sealing_public_keys": self.sealer.use,
        }
        self.follow = FollowKeys(settings, reread or (lambda: settings), uses)


class Stores:
    """What stands in Redis. What is said of a challenge waits for replicas; what is counted of all need not."""

    def __init__(self, settings: OtpSettings) -> None:
        self.redis = redis_client(settings.redis_url.get_secret_value(), settings.redis_access)
        script, replicated = Scripts(self.redis).script, Scripts(self.redis, settings.replicas).script
        self.challenges = RedisChallenges(replicated)
        self.changes = RedisChanges(self.redis)
        self.ends = RedisEnds(script, replicated)
        self.fleet = RedisFleet(script, settings.band.window, timedelta(seconds=settings.wrong_share_slot_s))


class UseCases:
    """What auth and the events ask for, and what goes on by itself."""

    def __init__(self, keys: Keys, stores: Stores, publisher: EventPublisher, settings: OtpSettings) -> None:
        store, limits, publish = stores.challenges, settings.limits, publisher.publish
        self.fleet = WatchWrongCodes(stores.fleet, settings.band, settings.code_digits, publish)
        announce = AnnouncePasscode(keys.book, keys.sealer, publish)
        self.issue = IssuePasscode(store, keys.book, announce, Minting(secrets.randbelow, self.fleet.digits), limits)
        self.tell_ends = TellEnds(stores.ends, publisher.publish_all)
        self.verify = VerifyPasscode(store, keys.book, limits, self.tell_ends, self.fleet.count)
        self.resend = ResendPasscode(store, announce, limits)
        self.follow = FollowChallenge(store, stores.changes, limits, partial(datetime.now, UTC))
        self.unlock = UnlockAccount(store)
