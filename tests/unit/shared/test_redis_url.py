"""Where Redis is said to be, and what a service refuses to start with."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from shared.redis_settings import ReplicatedRedisSettings
from shared.redis_url import Kind, RedisUrl

HOSTS = (("one", 1), ("two", 2))


@pytest.mark.parametrize(
    ("text", "kind", "hosts", "master", "db", "tls"),
    [
        ("redis://one:1", Kind.STANDALONE, HOSTS[:1], "", 0, False),
        ("redis://one/3", Kind.STANDALONE, (("one", 6379),), "", 3, False),
        ("rediss://[::1]:1/0", Kind.STANDALONE, (("::1", 1),), "", 0, True),
        ("redis+sentinel://one:1,two:2/main", Kind.SENTINEL, HOSTS, "main", 0, False),
        ("rediss+sentinel://one/main/2", Kind.SENTINEL, (("one", 26379),), "main", 2, True),
        ("redis+cluster://one:1,two:2", Kind.CLUSTER, HOSTS, "", 0, False),
        ("rediss+cluster://one", Kind.CLUSTER, (("one", 6379),), "", 0, True),
    ],
)
def test_a_url_names_one_server_sentinels_or_a_cluster(
    text: str, kind: Kind, hosts: Any, master: str, db: int, tls: bool
) -> None:
    assert RedisUrl.parse(text) == RedisUrl(kind, hosts, tls, None, None, master, db)


def test_user_and_password_may_hold_anything_that_is_encoded() -> None:
    url = RedisUrl.parse("redis+cluster://otp:p%40ss%2Fw%3Ard@one:1,two:2")

    assert (url.username, url.password, url.hosts) == ("otp", "p@ss/w:rd", HOSTS)
    assert "p@ss" not in repr(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one:1",
        "http://:canary@one",
        "unix://:canary@/tmp/redis",
        "redis+shards://:canary@one",
        "redis://:canary@",
        "redis://:canary@one:1,two:2",
        "redis://:canary@one:0",
        "redis://:canary@one:70000",
        "redis://:canary@one:canary",
        "redis://:canary/canary@one",
        "redis://:canary@one/canary",
        "redis://:canary@one?retry_on_timeout=true",
        "redis+sentinel://:canary@one:1",
        "redis+sentinel://:canary@one/",
        "redis+sentinel://:canary@one/main/canary",
        "redis+cluster://:canary@one:1/0",
        "redis+cluster://:canary@one,,two",
    ],
)
def test_anything_else_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        RedisUrl.parse(text)
    assert "canary" not in str(caught.value)

    with pytest.raises(ValidationError) as shown:
        ReplicatedRedisSettings(redis_url=SecretStr(text), redis_replicas=1)
    assert "canary" not in str(shown.value)


@pytest.mark.parametrize(
    ("url", "replicas", "taken"),
    [
        ("redis://one", None, True),
        ("redis://one", 1, True),
        ("redis+sentinel://one/main", None, False),
        ("redis+sentinel://one/main", 0, False),
        ("redis+sentinel://one/main", 1, True),
        ("redis+cluster://one", None, False),
        ("redis+cluster://one", 0, True),
        ("redis+cluster://one", 2, True),
    ],
)
def test_where_a_failover_may_come_the_replicas_that_hold_a_guess_are_named(
    url: str, replicas: int | None, taken: bool
) -> None:
    given: dict[str, Any] = {} if replicas is None else {"redis_replicas": replicas}
    if taken:
        assert ReplicatedRedisSettings(redis_url=SecretStr(url), **given).replicas == (replicas or 0)
    else:
        with pytest.raises(ValidationError, match="a failover forgets"):
            ReplicatedRedisSettings(redis_url=SecretStr(url), **given)


def test_settings_do_not_show_the_password() -> None:
    settings = ReplicatedRedisSettings(redis_url=SecretStr("redis://:canary@one"))

    assert "canary" not in repr(settings)
