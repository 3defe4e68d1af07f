"""The secrets of one local run: made at its start, given to each service in its environment, never in a file."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from nacl.public import PrivateKey

from shared.credentials import digest
from shared.keyring import KEY_BYTES, encode

ROLES = ("viewer", "release_manager", "approver", "admin")
STEP_UP_ROLES = ("step_up", "sign_in")
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True)
class LocalKeys:
    """Keyrings are in their text form `id:base64url`; `operators` and `step_up` map a role to its bearer token. The
    webhook's pair is base64 DER: SendGrid's double signs with the private half, the notifier knows the public one."""

    storage: str = field(repr=False)
    sealing_public: str
    sealing_private: str = field(repr=False)
    peppers: str = field(repr=False)
    code_keys: str = field(repr=False)
    otp_credential: str = field(repr=False)
    sendgrid_api_key: str = field(repr=False)
    suppression: str = field(repr=False)
    webhook_public: str
    webhook_private: str = field(repr=False)
    operators: dict[str, str] = field(repr=False)
    step_up: dict[str, str] = field(repr=False)

    @property
    def callers(self) -> str:
        """GATEPOST_CALLERS of the otp service: auth, by the digest of its credential."""
        return f"auth:auth:{digest(self.otp_credential)}"

    @property
    def operator_digests(self) -> str:
        """GATEPOST_OPERATORS of auth, notifier and rollout; each operator is named after the role."""
        return _digests(self.operators)

    @property
    def step_up_digests(self) -> str:
        """GATEPOST_STEP_UP_CALLERS of auth."""
        return _digests(self.step_up)


def _digests(tokens: dict[str, str]) -> str:
    return ",".join(f"{role}:{role}:{digest(token)}" for role, token in tokens.items())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def generate_keys(random_bytes: RandomBytes) -> LocalKeys:
    """`random_bytes` must be a CSPRNG, for instance `secrets.token_bytes`."""
    sealing = PrivateKey(random_bytes(KEY_BYTES))
    # 31 bytes: below the order of P-256 in any case.
    webhook = ec.derive_private_key(1 + int.from_bytes(random_bytes(KEY_BYTES - 1)), ec.SECP256R1())

    def keyring(key_id: str) -> str:
        return f"{key_id}:{encode(random_bytes(KEY_BYTES))}"

    return LocalKeys(
        storage=keyring("store-1"),
        sealing_public=f"seal-1:{encode(bytes(sealing.public_key))}",
        sealing_private=f"seal-1:{encode(bytes(sealing))}",
        peppers=keyring("pepper-1"),
        code_keys=keyring("code-1"),
        otp_credential=encode(random_bytes(KEY_BYTES)),
        sendgrid_api_key="SG." + encode(random_bytes(KEY_BYTES)),
        suppression=keyring("suppression-1"),
        webhook_public=_base64(webhook.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        webhook_private=_base64(webhook.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        operators={role: encode(random_bytes(24)) for role in ROLES},
        step_up={role: encode(random_bytes(24)) for role in STEP_UP_ROLES},
    )
