"""Which providers are asked for the mails of a region, and in which order. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Self

EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class MailRoutes:
    """Provider names by region; `*` for regions that are not named."""

    by_region: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str, providers: Collection[str]) -> Self:
        """`emea=smtp,sendgrid;*=sendgrid,smtp`. `providers` are those that are set up, in the order of an empty text.

        Raises: ValueError, with what is wrong.
        """
        routes = {EVERYWHERE: tuple(providers)}
        for rule in filter(None, (part.strip() for part in text.split(";"))):
            region, equals, names = (part.strip() for part in rule.partition("="))
            order = tuple(name.strip() for name in names.split(","))
            if not region or not equals:
                raise ValueError(f"{rule!r} is not REGION=PROVIDER,PROVIDER")
            if unknown := [name for name in order if name not in providers]:
                raise ValueError(f"{region}: no provider {unknown[0]!r} is set up, only {', '.join(providers)}")
            if len(set(order)) < len(order):
                raise ValueError(f"{region}: a provider is named twice")
            routes[region] = order
        return cls(routes)

    def of(self, region: str, doubted: str | None = None) -> tuple[str, ...]:
        """In the order to ask. `doubted`: what it did with an earlier send is unknown, so it comes last."""
        order = self.by_region.get(region) or self.by_region[EVERYWHERE]
        return order if doubted is None else tuple(sorted(order, key=lambda name: name == doubted))
