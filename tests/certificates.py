"""Certificate authorities of tests, and what they sign."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.local.ports import LOOPBACK
from shared.redis_access import TlsFiles


class Authority:
    """Its own certificate is at `file`; what it signs lies beside it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _name(f"authority {directory.name}")
        usage = x509.KeyUsage(*(each in ("cert", "crl") for each in _USAGES))
        self._certificate = (
            self._begun(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = directory / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def sign(self, address: str = LOOPBACK, name: str | None = None) -> TlsFiles:
        """For a server at that address, or a client. `name`: of the files."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._begun(_name(address), key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        made = TlsFiles(
            self.file, self._directory / f"{name or address}.pem", self._directory / f"{name or address}.key"
        )
        assert made.cert is not None
        assert made.key is not None
        made.cert.write_bytes(certificate.public_bytes(Encoding.PEM))
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def server(self, address: str = LOOPBACK, *, of_clients: bool = False) -> ssl.SSLContext:
        """Of a server; `of_clients`: it asks them for certificates that this authority signed."""
        files, context = self.sign(address), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        assert files.cert is not None
        context.load_cert_chain(files.cert, files.key)
        if of_clients:
            context.load_verify_locations(self.file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


# In the order in which KeyUsage takes them.
_USAGES: Sequence[str] = ("signature", "commit", "key", "data", "agree", "cert", "crl", "encipher", "decipher")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
