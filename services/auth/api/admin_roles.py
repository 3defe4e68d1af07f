"""Which operators may do what."""

from typing import Final

VIEW: Final = ("viewer", "support", "admin")
SUPPORT: Final = ("support", "admin")
ADMIN: Final = ("admin",)
