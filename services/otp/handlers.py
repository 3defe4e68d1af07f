"""Which event goes to which use case."""

from services.otp.use_cases.follow_challenge import FollowChallenge
from services.otp.use_cases.issue_passcode import IssuePasscode
from shared.events import EmailOutcome, LoginChallenged
from shared.kafka import EventBus


def register_handlers(bus: EventBus, issue: IssuePasscode, follow: FollowChallenge) -> None:
    bus.consume(LoginChallenged, issue)
    bus.consume(EmailOutcome, follow.record_outcome)
