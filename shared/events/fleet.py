"""What concerns all accounts together."""

from pydantic import AwareDatetime, Field

from shared.events.base import Event


class CodeLengthChanged(Event):
    """New codes have `digits` from now on: in the `window_s` seconds before `at`, `wrong` of the `judged` codes of all
    accounts were wrong, more than people mistype, or as few again as they do."""

    topic = "gatepost.otp.code-length-changed.v1"
    type = "gatepost.otp.code-length-changed.v1"
    source = "gatepost/otp"

    digits: int = Field(ge=6, le=8)
    wrong: int = Field(ge=0)
    judged: int = Field(ge=0)
    window_s: int = Field(ge=1)
    at: AwareDatetime

    @property
    def id(self) -> str:
        """The time by Redis's clock, in ms, which no other change has."""
        return f"code-length:{round(self.at.timestamp() * 1000)}"

    @property
    def key(self) -> str:
        return "code-length"
