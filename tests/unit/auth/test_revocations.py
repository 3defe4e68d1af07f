"""What this instance knows of sessions that ended early."""

from datetime import timedelta
from uuid import uuid4

from services.auth.domain.revocations import Revocations
from tests.fakes import NOW

LIFE = timedelta(minutes=15)


def test_a_revoked_session_is_known_until_its_last_token_has_expired() -> None:
    known, early, late = Revocations(), uuid4(), uuid4()

    assert known.add(early, NOW + LIFE, NOW)
    assert known.add(late, NOW + 2 * LIFE, NOW)
    assert early in known
    known.add(uuid4(), NOW + 3 * LIFE, NOW + LIFE)
    assert early not in known
    assert late in known
    assert len(known) == 2


def test_the_same_revocation_twice_is_one() -> None:
    known, session_id = Revocations(), uuid4()

    assert known.add(session_id, NOW + LIFE, NOW)
    assert not known.add(session_id, NOW + LIFE, NOW)
    assert len(known) == 1


def test_what_is_over_is_not_kept() -> None:
    known, session_id = Revocations(), uuid4()

    assert not known.add(session_id, NOW, NOW)
    assert session_id not in known
