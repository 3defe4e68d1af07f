"""A service goes on with the keys it has, whatever becomes of their files."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings
from structlog.testing import capture_logs

from shared.follow_keys import FollowKeys
from shared.key_file import KeyFile
from shared.keyring import Keyring
from shared.settings import KeyringText, ServiceSettings
from tests.unit.shared.samples import private_ring


class Settings(BaseSettings):
    model_config = ServiceSettings.model_config

    peppers: KeyringText
    code_keys: KeyringText


class Service:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("peppers", private_ring("p1"))
        self.write("code_keys", private_ring("c1"))
        self.used: list[tuple[str, list[str]]] = []
        reread = partial(Settings, _secrets_dir=directory)
        use = {name: partial(self._use, name) for name in ("peppers", "code_keys")}
        self.follow = FollowKeys(reread(), reread, use)

    def write(self, name: str, ring: Keyring) -> None:
        KeyFile(self.path(name)).write(ring)

    def path(self, name: str) -> Path:
        return self.directory / f"gatepost_{name}"

    def _use(self, name: str, ring: Keyring) -> None:
        self.used.append((name, [key.id for key in ring]))

    async def logged(self) -> list[Any]:
        with capture_logs() as logs:
            await self.follow()
        return list(logs)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


async def test_a_ring_whose_file_has_changed_is_used_and_no_other(service: Service) -> None:
    assert await service.logged() == []
    service.write("peppers", private_ring("p2", "p1"))
    logs = await service.logged()
    await service.follow()

    assert service.used == [("peppers", ["p2", "p1"])]
    assert [(log["event"], log["ring"], log["ids"]) for log in logs] == [("keys_changed", "peppers", ["p2", "p1"])]


async def test_another_order_is_another_ring(service: Service) -> None:
    for ring in (private_ring("p1", "p2"), private_ring("p2", "p1"), private_ring("p2")):
        service.write("peppers", ring)
        await service.follow()

    assert [ids for _, ids in service.used] == [["p1", "p2"], ["p2", "p1"], ["p2"]]


def damage(service: Service, how: str) -> None:
    path = service.path("peppers")
    if how == "vanished":
        path.unlink()
    elif how == "a directory":
        path.unlink()
        path.mkdir()
    elif how == "no directory":
        service.directory.rename(service.directory.with_name("elsewhere"))
    elif how == "no text":
        path.write_bytes(b"canary\xff\xfe")
    else:
        path.write_text({"empty": "", "half": "p2:canary", "no key": "canary"}[how])


@pytest.mark.parametrize("how", ["vanished", "a directory", "no directory", "no text", "empty", "half", "no key"])
@pytest.mark.filterwarnings("ignore:directory")
async def test_files_of_no_use_change_nothing_and_are_told_without_what_they_hold(service: Service, how: str) -> None:
    damage(service, how)
    service_logs = await service.logged()

    assert service.used == []
    assert [(log["event"], log["log_level"]) for log in service_logs] == [("keys_unusable", "error")]
    assert "canary" not in str(service_logs)


async def test_afterwards_it_goes_on(service: Service) -> None:
    damage(service, "half")
    await service.follow()
    service.write("peppers", private_ring("p2", "p1"))
    await service.follow()

    assert service.used == [("peppers", ["p2", "p1"])]


async def test_another_key_under_an_id_that_is_known_is_not_taken(service: Service) -> None:
    """Right codes would be wrong ones."""
    (key,) = private_ring("other")
    service.write("peppers", Keyring.parse(f"p1:{Keyring([key]).text.partition(':')[2]}"))
    logs = await service.logged()

    assert service.used == []
    assert [(log["error"], log["settings"]) for log in logs] == [("AnotherKeyOfThatId", ["peppers"])]


def test_the_directory_of_the_files_can_be_set(tmp_path: Path) -> None:
    Service(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    program = "from tests.unit.shared.test_follow_keys import Settings; print(Settings().peppers is not None)"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**kept, "GATEPOST_SECRETS_DIR": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip

    assert found.stdout == "True\n", found.stderr
