"""The facts that services tell each other, one class per event version (DESIGN §3).

An event only ever gains optional fields; a breaking change is a new class on a new topic. Readers ignore
fields they do not know. The CloudEvents `id` is derived from the content, so that the same fact published
twice carries the same id.
"""

from typing import Final

from shared.events.base import BasisPoints, Event, RegionName, Sealed
from shared.events.challenge import ChallengeClosed, ChallengeStep, LoginChallenged, PasscodeIssued
from shared.events.fleet import CodeLengthChanged
from shared.events.login import LoginOutcome, SessionRevoked
from shared.events.mail import (
    ANNOUNCEMENTS,
    AnnouncementDue,
    EmailOutcome,
    MailKind,
    NoticeDetails,
    NoticeDue,
    NoticeKind,
    Outcome,
    SecurityNoticeDue,
)
from shared.events.mail_standing import AccountSuppressed, ProviderLimitObserved
from shared.events.policy_applied import AppliedVersion, InstanceForgotten, PolicyApplied
from shared.events.population import COHORTS, CohortSpread, RegionPopulationCounted
from shared.events.region_pause import RegionPaused, RegionResumed
from shared.events.region_policy import PolicyMode, RegionPolicyChanged

EVENTS: Final[tuple[type[Event], ...]] = (
    LoginChallenged,
    PasscodeIssued,
    ChallengeClosed,
    CodeLengthChanged,
    EmailOutcome,
    RegionPolicyChanged,
    PolicyApplied,
    InstanceForgotten,
    RegionPaused,
    RegionResumed,
    LoginOutcome,
    SessionRevoked,
    NoticeDue,
    SecurityNoticeDue,
    AnnouncementDue,
    RegionPopulationCounted,
    AccountSuppressed,
    ProviderLimitObserved,
)

__all__ = [
    "ANNOUNCEMENTS",
    "COHORTS",
    "EVENTS",
    "AccountSuppressed",
    "AnnouncementDue",
    "AppliedVersion",
    "BasisPoints",
    "ChallengeClosed",
    "ChallengeStep",
    "CodeLengthChanged",
    "CohortSpread",
    "EmailOutcome",
    "Event",
    "InstanceForgotten",
    "LoginChallenged",
    "LoginOutcome",
    "MailKind",
    "NoticeDetails",
    "NoticeDue",
    "NoticeKind",
    "Outcome",
    "PasscodeIssued",
    "PolicyApplied",
    "PolicyMode",
    "ProviderLimitObserved",
    "RegionName",
    "RegionPaused",
    "RegionPolicyChanged",
    "RegionPopulationCounted",
    "RegionResumed",
    "Sealed",
    "SecurityNoticeDue",
    "SessionRevoked",
]
