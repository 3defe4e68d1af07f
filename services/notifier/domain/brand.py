"""Who a mail is from, as it is shown. Pure."""

from dataclasses import dataclass
from typing import Final

DEFAULT_COLOR: Final = "#1f6feb"


@dataclass(frozen=True, slots=True)
class Brand:
    """`domain` is the host where codes are typed in, `color` (`#rrggbb`) a line under the name and never a text, so
    that none is hard to read, `support` the address that helps."""

    name: str
    domain: str
    color: str = DEFAULT_COLOR
    support: str | None = None
