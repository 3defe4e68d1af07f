"""A code at birth and at rest."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.otp.domain.challenge import ChallengeRef
from services.otp.domain.delivery import Delivery, News, delivery_rank, overall
from services.otp.domain.passcode import Draft, PasscodeBook
from shared.encryption import Undecryptable
from shared.events import Outcome
from tests.unit.shared.samples import private_ring

CHALLENGE = ChallengeRef(UUID(int=1), UUID(int=2))
OTHERS = [ChallengeRef(UUID(int=1), UUID(int=3)), ChallengeRef(UUID(int=9), UUID(int=2))]


def book(peppers: tuple[str, ...] = ("p1",), code_keys: tuple[str, ...] = ("c1",)) -> PasscodeBook:
    return PasscodeBook(private_ring(*peppers), private_ring(*code_keys))


def label(draft: Draft) -> bytes:
    """Of its code key, with the dot behind it."""
    return draft.ciphertext[:7]


LABEL = label(book().draft(CHALLENGE, 6, lambda _: 0))


@given(st.integers(0, 999_999))
def test_a_code_keeps_its_leading_zeros(number: int) -> None:
    draft = book().draft(CHALLENGE, 6, lambda below: number)

    assert book().reveal(CHALLENGE, draft.ciphertext) == f"{number:06d}"
    assert dict(book().macs(CHALLENGE, f"{number:06d}")) == {draft.pepper_id: draft.mac}


@pytest.mark.parametrize(("digits", "below"), [(6, 10**6), (8, 10**8)])
def test_a_code_is_drawn_from_all_there_are(digits: int, below: int) -> None:
    asked = []

    def random_below(limit: int) -> int:
        asked.append(limit)
        return limit - 1

    draft = book().draft(CHALLENGE, digits, random_below)

    assert asked == [below]  # uniform if the source is: nothing is folded
    assert book().reveal(CHALLENGE, draft.ciphertext) == "9" * digits


def test_nothing_of_a_draft_can_be_read() -> None:
    drafts = [book().draft(CHALLENGE, 6, lambda _: 402_817) for _ in range(3)]

    assert all(b"402817" not in draft.ciphertext + draft.mac for draft in drafts)
    assert "402817" not in repr(drafts)
    assert str(drafts[0].mac) not in repr(drafts)
    assert len({draft.ciphertext for draft in drafts}) == 3


@given(st.text(max_size=12))
def test_only_the_code_itself_has_its_mac(typed: str) -> None:
    draft = book().draft(CHALLENGE, 6, lambda _: 402_817)
    macs = list(book().macs(CHALLENGE, typed)) if typed.isprintable() else []

    assert ((draft.pepper_id, draft.mac) in macs) == (typed == "402817")


@pytest.mark.parametrize("other", OTHERS, ids=["another challenge", "another account"])
def test_a_mac_is_worthless_elsewhere(other: ChallengeRef) -> None:
    draft = book().draft(CHALLENGE, 6, lambda _: 402_817)

    assert dict(book().macs(other, "402817"))[draft.pepper_id] != draft.mac


def test_a_ciphertext_moved_to_another_challenge_is_unreadable() -> None:
    draft = book().draft(CHALLENGE, 6, lambda _: 402_817)

    with pytest.raises(Undecryptable):
        book().reveal(OTHERS[0], draft.ciphertext)


@given(st.binary(max_size=80))
def test_bytes_that_we_did_not_make_are_unreadable(data: bytes) -> None:
    for ciphertext in (data, LABEL + data):
        with pytest.raises(Undecryptable):
            book().reveal(CHALLENGE, ciphertext)


def test_a_new_key_in_front_reads_what_the_old_one_wrote() -> None:
    draft = book().draft(CHALLENGE, 6, lambda _: 402_817)
    rotated = book(("p2", "p1"), ("c2", "c1"))

    assert rotated.reveal(CHALLENGE, draft.ciphertext) == "402817"
    assert (draft.pepper_id, draft.mac) in list(rotated.macs(CHALLENGE, "402817"))
    fresh, of_new = (of.draft(CHALLENGE, 6, lambda _: 402_817) for of in (rotated, book(("p2",), ("c2",))))
    assert (fresh.pepper_id, fresh.mac) == (of_new.pepper_id, of_new.mac) != (draft.pepper_id, draft.mac)
    assert label(fresh) == label(of_new) != label(draft)


@pytest.mark.parametrize("key_id", ["k", "k-20261124-1", "k" * 32])
def test_what_is_kept_of_a_code_is_as_short_whatever_its_keys_are_called(key_id: str) -> None:
    draft = book((key_id,), (key_id,)).draft(CHALLENGE, 8, lambda _: 402_817)

    assert (len(draft.pepper_id), len(draft.ciphertext)) == (6, 6 + 1 + 24 + 8 + 16)


def test_without_the_old_key_it_is_unreadable() -> None:
    draft, of_new = (of.draft(CHALLENGE, 6, lambda _: 402_817) for of in (book(), book(code_keys=("c2",))))

    with pytest.raises(Undecryptable):
        book(code_keys=("c2",)).reveal(CHALLENGE, draft.ciphertext)
    with pytest.raises(Undecryptable):
        book(code_keys=("c2",)).reveal(CHALLENGE, draft.ciphertext.replace(LABEL, label(of_new)))


def test_every_outcome_has_a_rank_of_its_own_and_a_word() -> None:
    ranks = Counter(delivery_rank(outcome) for outcome in Outcome)

    assert set(ranks.values()) == {1}
    assert {News.of_rank(rank, None).delivery for rank in (0, *ranks)} == set(Delivery)
    assert News.of_rank(max(ranks) + 1, None).delivery is Delivery.UNKNOWN  # of a newer version


def test_each_mail_of_a_challenge_has_an_id_of_its_own_that_never_changes() -> None:
    ids = [CHALLENGE.message_id(mail) for mail in range(6)]

    assert len(set(ids)) == 6
    assert ids == [ChallengeRef(UUID(int=1), UUID(int=2)).message_id(mail) for mail in range(6)]
    assert not set(ids) & {OTHERS[0].message_id(mail) for mail in range(6)}


@pytest.mark.parametrize(
    ("outcomes", "shown"),
    [
        ([Outcome.FAILED, Outcome.ACCEPTED], Delivery.SENT),  # a replayed dead letter
        ([Outcome.FAILED, Outcome.UNKNOWN], Delivery.UNKNOWN),
        ([Outcome.FAILED, Outcome.DEFERRED], Delivery.DEFERRED),
        ([Outcome.UNKNOWN, Outcome.ACCEPTED], Delivery.SENT),
        ([Outcome.ACCEPTED, Outcome.DEFERRED], Delivery.DEFERRED),
        ([Outcome.ACCEPTED, Outcome.DROPPED], Delivery.DROPPED),
        ([Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.DELIVERED], Delivery.DELIVERED),
        ([Outcome.DELIVERED, Outcome.BOUNCED], Delivery.BOUNCED),
    ],
    ids=str,
)
def test_of_all_that_is_told_of_a_mail_what_is_shown_is_true_in_any_order(
    outcomes: list[Outcome], shown: Delivery
) -> None:
    assert News.of_rank(max(delivery_rank(outcome) for outcome in outcomes), None).delivery is shown


QUEUED, SENT, DELIVERED, BOUNCED = (
    News.of_rank(rank, None)
    for rank in (0, *map(delivery_rank, (Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.BOUNCED)))
)


@pytest.mark.parametrize(
    ("mails", "shown"),
    [
        ([QUEUED], QUEUED),
        ([SENT, QUEUED], QUEUED),
        ([BOUNCED, SENT], SENT),
        ([DELIVERED, QUEUED], DELIVERED),
        ([DELIVERED, BOUNCED], DELIVERED),
        ([SENT, SENT, DELIVERED], DELIVERED),
    ],
)
def test_of_several_mails_one_that_arrived_is_shown_else_the_newest(mails: list[News], shown: News) -> None:
    assert overall(mails) is shown
