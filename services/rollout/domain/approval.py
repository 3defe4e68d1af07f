"""Another person's yes to something that people wrote. Pure.

It holds for the content as it was then, whoever changes it afterwards: its digest is what was approved.
"""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Approval:
    """`authors`: all who wrote any of the content."""

    authors: frozenset[str]
    by: str | None = None
    digest: str | None = None

    def holds_for(self, digest: str) -> bool:
        return self.by is not None and self.by not in self.authors and self.digest == digest

    def may_be_given_by(self, somebody: str) -> bool:
        return somebody not in self.authors

    def given(self, by: str, digest: str) -> Self:
        return replace(self, by=by, digest=digest)

    def voided(self, author: str) -> Self:
        """Somebody wrote in it."""
        return replace(self, authors=self.authors | {author}, by=None, digest=None)
