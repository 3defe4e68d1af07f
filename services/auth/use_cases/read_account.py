"""One line of an import: an account as JSON, or the fields that are wrong with it."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from services.auth.domain.account import AccountStatus, username_key
from services.auth.domain.password_hash import bearable
from shared.mail_address import MailAddress

# NFKC makes up to 18 characters of one, and an index of PostgreSQL takes no more than 2,704 bytes.
MAX_KEY_BYTES: Final = 1_024
# Within what every clock, driver and time zone can hold.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def _usable_as_key(username: str) -> str:
    if not 0 < len(username_key(username).encode()) <= MAX_KEY_BYTES:
        raise ValueError("nothing is left of it, or too much")
    return username


# Line breaks and other controls have no place in a name.
Username = Annotated[
    str, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_usable_as_key)
]


class ImportedAccount(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: Username
    password: SecretStr | None = Field(None, min_length=1, max_length=1024)
    password_hash: SecretStr | None = Field(None, description="Argon2id, bcrypt, scrypt or PBKDF2; not with `password`")
    email: MailAddress  # as the notifier takes it; another one would be imported and never get a mail
    region: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    locale: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    sso: bool = False
    own_mfa: bool = False
    status: AccountStatus = AccountStatus.ACTIVE
    registered_at: Annotated[AwareDatetime, Field(strict=True, ge=EARLIEST, lt=LATEST)] | None = None

    @field_validator("password_hash")
    @classmethod
    def _alone_and_bearable(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if given is not None and (info.data.get("password") is not None or not bearable(given.get_secret_value())):
            raise ValueError("beside a password, or not a hash that can be verified at a bearable cost")
        return given


def read_account(line: bytes | None) -> ImportedAccount | tuple[str, ...]:
    """The names of the wrong fields, `line` for what is no JSON object or too long (None)."""
    if line is None:
        return ("line",)
    try:
        return ImportedAccount.model_validate_json(line)
    except ValidationError as error:
        # The name of a field that we do not know is content: it may be anything.
        named = {
            "unknown-field" if each["type"] == "extra_forbidden" else str(each["loc"][0]) if each["loc"] else "line"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        }
        return tuple(sorted(named))
