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
from shared.events.policy_applied import AppliedVersion, InstanceForgotten, PolicyApplied
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
)

__all__ = [
    "ANNOUNCEMENTS",
    "EVENTS",
    "AnnouncementDue",
    "AppliedVersion",
    "BasisPoints",
    "ChallengeClosed",
    "ChallengeStep",
    "CodeLengthChanged",
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
    "RegionName",
    "RegionPaused",
    "RegionPolicyChanged",
    "RegionResumed",
    "Sealed",
    "SecurityNoticeDue",
    "SessionRevoked",
]
