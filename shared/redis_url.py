"""Where Redis is, in one text: alone, behind Sentinels, or as a cluster."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import unquote, urlsplit

REDIS_PORT: Final = 6379
SENTINEL_PORT: Final = 26379


class Kind(StrEnum):
    STANDALONE = "redis"
    SENTINEL = "redis+sentinel"
    CLUSTER = "redis+cluster"


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """`redis://HOST:PORT/DB`, `redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB` or `redis+cluster://HOST:PORT,HOST:PORT`;
    `rediss…` for TLS. Ports and DB have their usual defaults. `user:password@` in front of the hosts, percent-encoded,
    is for Redis itself."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    tls: bool
    username: str | None
    password: str | None = field(repr=False)
    master: str = ""
    db: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: ValueError, never with the text in it."""
        scheme, _, rest = text.partition("://")
        kind = _SCHEMES.get(scheme.replace("rediss", "redis", 1))
        if kind is None:
            raise ValueError("must begin with redis://, redis+sentinel:// or redis+cluster:// (rediss… for TLS)")
        authority, _, path = rest.partition("/")
        credentials, _, hosts = authority.rpartition("@")
        username, _, password = map(unquote, credentials.partition(":"))
        port = SENTINEL_PORT if kind is Kind.SENTINEL else REDIS_PORT
        found = tuple(_host(each, port) for each in hosts.split(","))
        if kind is Kind.STANDALONE and len(found) != 1:
            raise ValueError("must name one host; several are redis+sentinel:// or redis+cluster://")
        master, db = _path(kind, path)
        return cls(kind, found, scheme.startswith("rediss"), username or None, password or None, master, db)


_SCHEMES: Final = {kind.value: kind for kind in Kind}


def _path(kind: Kind, text: str) -> tuple[str, int]:
    """Name of the master and number of the database."""
    words = text.split("/")
    master = words.pop(0) if kind is Kind.SENTINEL else ""
    if kind is Kind.SENTINEL and not master:
        raise ValueError("must name the master: redis+sentinel://HOST:PORT/MASTER")
    db = "/".join(words)
    if db and (kind is Kind.CLUSTER or not (db.isascii() and db.isdigit())):
        raise ValueError("must end with the number of a database, if with anything; a cluster has none")
    return master, int(db or 0)


def _host(text: str, port: int) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{text}")
        name, given = split.hostname, split.port
    except ValueError:
        name, given = None, None
    if not name or given == 0 or "?" in text or "#" in text:
        raise ValueError("must name hosts as HOST:PORT, joined by commas")
    return name, given or port
