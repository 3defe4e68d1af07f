"""The pure and small parts of the launcher: ports, seed, what is written and what is printed."""

import json
import re
import secrets
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.announcement import announcement
from deploy.local.environment import SERVICES, Addresses, service_variables
from deploy.local.external_kafka import ExternalKafka
from deploy.local.keys import generate_keys
from deploy.local.ports import HIGHEST_BASE, PortTaken, ensure_free, port_plan
from deploy.local.ready_file import published
from deploy.local.seed_data import REGIONS, UNKNOWN_REGION, seed_accounts

SECRET_VARIABLES = re.compile(r"KEYS|PEPPERS|CREDENTIAL|API_KEY")


def test_all_ports_move_with_the_base() -> None:
    assert port_plan(8000)["auth"] == 8001
    assert {port - 10_000 for port in port_plan(18_000).values()} == set(port_plan(8000).values())
    assert max(port_plan(HIGHEST_BASE).values()) == 65_535


@pytest.mark.parametrize("base", [-1, 0, HIGHEST_BASE + 1])
def test_a_base_that_leaves_the_range_of_ports_is_refused(base: int) -> None:
    with pytest.raises(ValueError, match="port base"):
        port_plan(base)


def test_a_taken_port_is_named_with_the_part_that_needs_it(listening_port: int) -> None:
    with pytest.raises(PortTaken, match=rf"port {listening_port}, needed for auth, is taken"):
        ensure_free({"auth": listening_port})


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("address", ["", "kafka", "host:", ":9092", "a:1 b:2", "a:1,", "http://a:1"])
def test_a_kafka_that_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        ExternalKafka(address)


def test_several_bootstrap_servers_are_taken() -> None:
    assert ExternalKafka("a:9092,b:9092").bootstrap == "a:9092,b:9092"


def test_the_seed_has_four_regions_in_different_modes_and_an_account_of_each_kind() -> None:
    accounts = seed_accounts(secrets.choice)
    assert len({policy["mode"] for policy in REGIONS.values()}) == 4
    assert {account.kind for account in accounts} == {"plain", "sso", "own_mfa", "unknown-region"}
    assert {account.region for account in accounts if account.kind == "plain"} == set(REGIONS)
    assert UNKNOWN_REGION not in REGIONS
    assert all(account.email.endswith("@example.com") for account in accounts)
    assert len({account.username for account in accounts}) == len(accounts)


def test_passwords_are_readable_and_new_at_every_run() -> None:
    first, second = seed_accounts(secrets.choice), seed_accounts(secrets.choice)
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d{4}", account.password) for account in first)
    assert [account.password for account in first] != [account.password for account in second]


def test_a_service_is_given_its_own_secrets_and_nobody_elses() -> None:
    keys = generate_keys(secrets.token_bytes)
    at = Addresses("k:1", 50, "redis://r", "postgresql://p/", "http://m", port_plan(8000))
    given = {name: service_variables(name, at, keys, Path("state")) for name in SERVICES}
    secret = {name: {key for key in given[name] if SECRET_VARIABLES.search(key)} for name in SERVICES}
    assert secret["notifier"] == {
        "GATEPOST_SEALING_PRIVATE_KEYS",
        "GATEPOST_SENDGRID_API_KEY",
        "GATEPOST_SENDGRID_WEBHOOK_KEYS",  # public ones
        "GATEPOST_SUPPRESSION_KEYS",
    }
    assert secret["otp"] == {"GATEPOST_SEALING_PUBLIC_KEYS", "GATEPOST_PEPPERS", "GATEPOST_CODE_KEYS"}
    assert secret["rollout"] == set()
    assert all(keys.webhook_private not in given[name].values() for name in SERVICES)
    assert all(keys.sealing_private not in given[name].values() for name in ("auth", "otp", "rollout"))


def test_the_ready_file_is_private_whole_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with published(path, {"auth": "http://127.0.0.1:8001"}):
        assert json.loads(path.read_text()) == {"auth": "http://127.0.0.1:8001"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []


def test_no_ready_file_is_asked_for_and_none_is_written() -> None:
    with published(None, {}):
        pass


def test_the_announcement_shows_what_a_person_needs() -> None:
    accounts = [account.ready_entry() for account in seed_accounts(secrets.choice)]
    names = (*SERVICES, "mailbox", "kafka", "redis", "postgres")
    tokens = {"operators": {"admin": "t0ken"}, "step_up_callers": {"sign_in": "s3cret"}}
    ready = {**dict.fromkeys(names, "http://here"), **tokens, "accounts": accounts}
    text = announcement(ready, REGIONS, 4.2)
    assert "ready (4.2 s)" in text
    assert "ramp 50 %" in text
    assert "t0ken" in text
    assert "s3cret" in text
    assert all(account["password"] in text for account in accounts)
