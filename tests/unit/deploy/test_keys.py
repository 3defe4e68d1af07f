"""The secrets of a local run: in the forms that the services parse, and different at every run."""

import hashlib
import secrets

from nacl.public import PrivateKey, SealedBox

from deploy.local.keys import ROLES, LocalKeys, generate_keys
from shared.credentials import CredentialBook
from shared.keyring import Keyring


def test_every_keyring_is_one_that_the_services_can_parse() -> None:
    keys = generate_keys(secrets.token_bytes)
    for text in (
        keys.storage,
        keys.sealing_public,
        keys.sealing_private,
        keys.peppers,
        keys.code_keys,
        keys.suppression,
    ):
        assert len(Keyring.parse(text).current.secret) == 32


def test_what_is_sealed_to_the_public_key_opens_with_the_private_key_of_the_same_id() -> None:
    keys = generate_keys(secrets.token_bytes)
    public, private = Keyring.parse(keys.sealing_public).current, Keyring.parse(keys.sealing_private).current
    opener = PrivateKey(private.secret)
    assert public.id == private.id
    assert bytes(opener.public_key) == public.secret
    assert SealedBox(opener).decrypt(SealedBox(opener.public_key).encrypt(b"canary")) == b"canary"


async def test_rollout_finds_each_operator_by_its_token_and_auth_is_known_to_otp() -> None:
    keys = generate_keys(secrets.token_bytes)
    operators = CredentialBook.parse(keys.operator_digests)
    for role in ROLES:
        caller = await operators.find(f"Bearer {keys.operators[role]}")
        assert caller is not None
        assert caller.roles == {role}
    caller = await CredentialBook.parse(keys.callers).find(f"Bearer {keys.otp_credential}")
    assert caller is not None
    assert (caller.name, caller.roles) == ("auth", frozenset({"auth"}))


def test_only_digests_of_tokens_are_given_to_the_services_that_check_them() -> None:
    keys = generate_keys(secrets.token_bytes)
    token = keys.operators["admin"]
    assert token not in keys.operator_digests
    assert hashlib.sha256(token.encode()).hexdigest() in keys.operator_digests


def test_two_runs_share_no_secret() -> None:
    def secrets_of(keys: LocalKeys) -> set[str]:
        rings = (keys.storage, keys.sealing_private, keys.peppers, keys.code_keys, keys.suppression)
        return {*rings, keys.webhook_private, keys.otp_credential, keys.sendgrid_api_key, *keys.operators.values()}

    first, second = secrets_of(generate_keys(secrets.token_bytes)), secrets_of(generate_keys(secrets.token_bytes))
    assert len(first) == len(second) == 12
    assert not first & second


def test_secrets_do_not_show_in_the_representation() -> None:
    keys = generate_keys(secrets.token_bytes)
    assert keys.storage not in repr(keys)
    assert keys.operators["admin"] not in repr(keys)
