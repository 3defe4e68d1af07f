"""Placeholder."""

from fastapi import Request


class ClientAddresses:
    def of(self, request: Request, claimed: object) -> str | None:
        return str(claimed) if claimed else None
