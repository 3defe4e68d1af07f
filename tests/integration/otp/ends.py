"""What has been told of the ends of challenges, and what somebody has still to tell."""

from typing import Any

from deploy.local.valkey import Valkey
from services.otp.adapters.redis_keys import ends_key, ids_of, slot_of
from services.otp.domain.challenge import ChallengeRef
from shared.events import ChallengeClosed, LoginChallenged
from tests.integration.shared.kafka_kit import Cluster
from tests.redis_at import redis_at


async def told(cluster: Cluster, event: LoginChallenged) -> list[tuple[str, int | None]]:
    """End and attempts of each that stands on Kafka now."""
    records = await cluster.read(ChallengeClosed.topic)
    closed = (ChallengeClosed.model_validate_json(record.value) for record in records)
    return [(each.end, each.attempts) for each in closed if each.challenge_id == event.challenge_id]


async def untold(valkey: Valkey, event: LoginChallenged) -> list[bytes]:
    """What Redis keeps of them until they are told, as scripts/close.lua writes it, without the ids."""
    client, ids = redis_at(valkey.url), ids_of(ChallengeRef(event.account_id, event.challenge_id))
    ends: Any = await client.zrange(ends_key(slot_of(event.account_id)), 0, -1)
    await client.aclose()
    return [end.removeprefix(ids) for end in ends if end.startswith(ids)]
