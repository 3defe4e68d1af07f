"""What operators may be. Who may do what stands at each route."""

from typing import Final

VIEWER: Final = "viewer"
RELEASE_MANAGER: Final = "release_manager"
APPROVER: Final = "approver"
ADMIN: Final = "admin"
ROLES: Final = frozenset({VIEWER, RELEASE_MANAGER, APPROVER, ADMIN})
