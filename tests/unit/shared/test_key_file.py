"""A file of keys is whole at any time, its owner's alone, and what a link leads to."""

import os
import stat
from pathlib import Path

import pytest

from shared.key_file import KeyFile, SealingPair
from shared.keyring import Keyring
from shared.sealing import Sealer, Unsealer
from tests.unit.shared.samples import private_ring, public_ring

ONE, TWO = private_ring("k1"), private_ring("k1", "k2")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_is_read_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "peppers"
    KeyFile(path).write(TWO)

    assert list(KeyFile(path).read()) == list(TWO)
    assert mode(path) == 0o600
    assert os.listdir(tmp_path) == ["peppers"]


def test_it_is_replaced_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "peppers"
    KeyFile(path).write(ONE)
    with path.open() as reading:
        KeyFile(path).write(TWO)
        assert (
            Keyring.parse(reading.read().strip()).current == ONE.current
        )  # who reads at this moment reads the old one

    assert len(KeyFile(path).read()) == 2


@pytest.mark.parametrize(("before", "after"), [(0o600, 0o600), (0o640, 0o640), (0o644, 0o640), (0o777, 0o660)])
def test_a_group_that_may_read_may_go_on_and_all_others_may_not(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "peppers"
    KeyFile(path).write(ONE)
    path.chmod(before)
    KeyFile(path).write(TWO)

    assert mode(path) == after


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_stays_with_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "peppers"
    KeyFile(path).write(ONE)
    os.chown(path, 10_001, 10_002)
    KeyFile(path).write(TWO)

    assert (path.stat().st_uid, path.stat().st_gid) == (10_001, 10_002)


def test_a_link_stays_a_link_and_leads_to_the_new_keys(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    real, link = tmp_path / "data" / "peppers", tmp_path / "peppers"
    KeyFile(real).write(ONE)
    link.symlink_to(real)
    KeyFile(link).write(TWO)

    assert link.is_symlink()
    assert len(KeyFile(real).read()) == 2
    assert sorted(os.listdir(tmp_path / "data")) == ["peppers"]


def test_a_write_that_fails_leaves_the_old_keys_and_nothing_else(tmp_path: Path) -> None:
    class Full(Keyring):
        @property
        def text(self) -> str:
            raise OSError("no space left on device")

    path = tmp_path / "peppers"
    KeyFile(path).write(ONE)
    with pytest.raises(OSError, match="no space"):
        KeyFile(path).write(Full(list(TWO)))

    assert list(KeyFile(path).read()) == list(ONE)
    assert os.listdir(tmp_path) == ["peppers"]


def test_the_second_file_of_a_pair_seals_what_the_first_opens(tmp_path: Path) -> None:
    pair = SealingPair(tmp_path / "private", tmp_path / "public")
    pair.write(TWO)
    public = KeyFile(tmp_path / "public").read()

    assert list(public) == list(public_ring(TWO))
    assert Unsealer(pair.read()).unseal(Sealer(public).seal("402817", "code:1"), "code:1") == "402817"


def test_what_an_interrupted_command_left_undone_the_next_one_does(tmp_path: Path) -> None:
    pair = SealingPair(tmp_path / "private", tmp_path / "public")
    pair.write(ONE)
    KeyFile(tmp_path / "private").write(TWO)
    with pair.locked():
        pass

    assert list(KeyFile(tmp_path / "public").read()) == list(public_ring(TWO))


def test_a_file_of_other_keys_is_not_written_over(tmp_path: Path) -> None:
    KeyFile(tmp_path / "private").write(TWO)
    KeyFile(tmp_path / "peppers").write(private_ring("p1"))
    with pytest.raises(ValueError, match="no pair"), SealingPair(tmp_path / "private", tmp_path / "peppers").locked():
        pass

    assert KeyFile(tmp_path / "peppers").read().current.id == "p1"
