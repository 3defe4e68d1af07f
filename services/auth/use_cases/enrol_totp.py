"""The owner of an account takes an authenticator app into use: a secret first, then a code that proves it arrived."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from services.auth.domain.recovery_code import RandomBytes, fresh_recovery_codes
from services.auth.domain.totp import SECRET_BYTES, base32, otpauth_uri
from services.auth.use_cases.show_factors import FactorSource
from services.auth.use_cases.tell_factor_changed import ChangedFactor, TellFactorChanged
from services.auth.use_cases.verify_challenge import TooManyAttempts, Wrong


@dataclass(frozen=True, slots=True)
class QrCode:
    """The same picture twice: an SVG document, and a PNG as a `data:` URI."""

    svg: str = field(repr=False)
    png: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """What an app needs, in the three ways it may take it. `secret` is base32."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_code: QrCode = field(repr=False)


@dataclass(frozen=True, slots=True)
class TotpConfirmed:
    """`recovery_codes` is empty where the account had unused ones: those still hold."""

    recovery_codes: tuple[str, ...] = field(repr=False)


class NothingToConfirm:
    """No secret was offered since the last one was confirmed."""


class TotpEnrolments(Protocol):
    async def offer(self, account_id: UUID, secret: bytes) -> None:
        """Keep it, in place of another that was not confirmed. Raises: DependencyUnavailable."""

    async def confirm(
        self, account_id: UUID, code: str, spare_codes: tuple[str, ...]
    ) -> TotpConfirmed | Wrong | TooManyAttempts | NothingToConfirm:
        """In one step: judge `code` within the guess budget; put the offered secret in place of the old one and its
        step among those used; keep `spare_codes` if there is no unused recovery code. Raises: DependencyUnavailable.
        """


class EnrolTotp:
    """A factor that is in use stays so until the new one is confirmed."""

    def __init__(
        self,
        enrolments: TotpEnrolments,
        factors: FactorSource,
        draw: Callable[[str], QrCode],
        random_bytes: RandomBytes,
        issuer: str,
        changed: TellFactorChanged,
    ) -> None:
        self._enrolments = enrolments
        self._factors = factors
        self._draw = draw
        self._random_bytes = random_bytes
        self._issuer = issuer
        self._changed = changed

    async def start(self, account_id: UUID) -> TotpOffer:
        username = (await self._factors.of(account_id)).username
        secret = self._random_bytes(SECRET_BYTES)
        await self._enrolments.offer(account_id, secret)
        uri = otpauth_uri(secret, self._issuer, username)
        qr_code = await asyncio.to_thread(self._draw, uri)  # long enough to be felt by every other request
        return TotpOffer(base32(secret), uri, qr_code)

    async def confirm(
        self, account_id: UUID, code: str, product: str
    ) -> TotpConfirmed | Wrong | TooManyAttempts | NothingToConfirm:
        """`product`: the one that the owner does it with; told by mail."""
        result = await self._enrolments.confirm(account_id, code, fresh_recovery_codes(self._random_bytes))
        if isinstance(result, TotpConfirmed):
            await self._changed(ChangedFactor.TOTP, account_id, product)
        return result
