"""What each service does in Redis, all of it, for tests of what it must be allowed to."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from redis.asyncio import RedisCluster

from services.auth.adapters.redis_throttle import RedisThrottle
from services.auth.domain.gcra import Bucket, Limit
from services.notifier.adapters.redis_bucket import RedisBucket
from services.notifier.adapters.redis_claims import RedisClaims
from services.notifier.adapters.redis_minutes import RedisMinutes
from services.notifier.adapters.redis_suppressed_accounts import RedisSuppressedAccounts
from services.notifier.adapters.redis_suppressions import RedisSuppressions
from services.notifier.adapters.redis_told import RedisTold
from services.notifier.domain.claim import AlreadySent, Claimed, Closed, SendTerms
from services.notifier.domain.mail_due import MailDue
from services.notifier.domain.provider_answer import Unknown
from services.notifier.domain.provider_pace import Minute
from services.notifier.domain.standing import Standing
from services.notifier.domain.suppression import AddressHashes, Cause, SuppressedAccount, SuppressionTerms
from services.notifier.use_cases.deliver_mail import Delivery
from services.otp.adapters.redis_challenges import RedisChallenges
from services.otp.adapters.redis_ends import RedisEnds
from services.otp.adapters.redis_fleet import RedisFleet
from services.otp.domain.challenge import ChallengeRef, End, Resend, State, Verdict
from services.otp.use_cases.issue_passcode import Issued
from shared.events import CodeLengthChanged
from shared.redis import RedisClient
from shared.redis_fit import RedisFit
from shared.redis_script import Scripts
from tests.contracts.listening import listening
from tests.contracts.otp.test_challenges import CLIENT, LIMITS, WRONG, issue, judge, new_challenge, soon
from tests.unit.notifier.fakes import passcode_issued
from tests.unit.shared.samples import private_ring
from tests.wait_until import wait_until


async def otp(client: RedisClient, replicas: int = 0) -> None:
    assert await RedisFit(client, lasting=True)()
    await _challenges(client, replicas)
    await _fleet(client)


async def _challenges(client: RedisClient, replicas: int) -> None:
    script = Scripts(client, replicas).script
    store, ends = RedisChallenges(script), RedisEnds(script, script)
    challenge, late = new_challenge(), new_challenge()
    assert isinstance(await issue(store, challenge), Issued)
    assert isinstance(await issue(store, late, expires_at=soon(0.2)), Issued)
    async with listening(client, ping_every_s=0.05) as changes:
        async with changes.watch(challenge) as changed, asyncio.timeout(5):
            await asyncio.sleep(0)
            changed.clear()
            await store.record_delivery(challenge, 0, 6, soon(0))
            await changed.wait()
        await wait_until(lambda: _pinged(client))  # a connection that hears nothing asks whether it is one

    assert (await store.resend(challenge, CLIENT, LIMITS)).result is Resend.TOO_SOON
    assert (await judge(store, challenge, WRONG)).verdict is Verdict.WRONG
    verified = await judge(store, challenge)
    assert verified.verdict is Verdict.VERIFIED
    status = await store.status(challenge, LIMITS)
    assert status is not None
    assert status.state is State.VERIFIED
    await store.unlock(challenge.account_id)
    told: dict[ChallengeRef, End] = {}

    async def expired() -> bool:
        async for some in ends.overdue():
            told.update({each.challenge: each.end for each in some})
            await ends.forget(some)
        return late in told

    await wait_until(expired)
    assert told[late] is End.EXPIRED
    assert challenge not in told
    assert verified.ended is not None
    await ends.forget([verified.ended])


async def _pinged(client: RedisClient) -> bool:
    where = {"target_nodes": client.get_primaries()} if isinstance(client, RedisCluster) else {}
    return "cmdstat_ping" in str(await client.info("commandstats", **where))


async def _fleet(client: RedisClient) -> None:
    fleet = RedisFleet(Scripts(client).script, timedelta(milliseconds=300), timedelta(milliseconds=50))
    reading = (await fleet.tally(3, 1)).reading
    change = CodeLengthChanged(digits=8, wrong=3, judged=4, window_s=1, at=reading.at)
    assert await fleet.flip(reading, change)
    assert (await fleet.tally(0, 0)).unpublished == [change]
    await fleet.published(change)

    async def forgotten() -> bool:
        return (await fleet.tally(0, 0)).reading.judged == 0

    await wait_until(forgotten)


async def notifier(client: RedisClient, replicas: int = 0) -> None:
    assert await RedisFit(client)()
    await _claims(client)
    await _suppressions(client)
    bucket = RedisBucket(client, "bulk", 100)
    await bucket.take()
    await bucket.pause(timedelta(milliseconds=100))
    assert await RedisMinutes(client).add("smtp", 1, Minute(2, 1)) == Minute(2, 1)
    told, first, second = RedisTold(client, "one", timedelta(seconds=15), timedelta(hours=48)), "first", "second"
    assert await told.take([first, second]) == [Standing.OURS] * 2
    await told.settle([first], [second])
    assert await told.take([first, second]) == [Standing.TOLD, Standing.OURS]


async def _claims(client: RedisClient) -> None:
    claims = RedisClaims(client, SendTerms())
    due = MailDue.passcode(passcode_issued(expires_at=datetime.now(UTC) + timedelta(minutes=10)))
    assert await claims.claim(due) == Claimed(1)
    await claims.refused(due, 1)
    assert await claims.claim(due) == Claimed(2)
    await claims.withheld(due, 2)
    assert await claims.claim(due) == Claimed(3)
    await claims.doubted(due, 3, Delivery("smtp", Unknown("no-answer")))
    assert await claims.claim(due) == Claimed(4, "smtp")
    assert not await claims.count_another(due, 4, "smtp")
    await claims.accepted(due, 4, "sendgrid")
    assert isinstance(await claims.claim(due), AlreadySent)
    other = MailDue.passcode(passcode_issued(expires_at=datetime.now(UTC) + timedelta(minutes=10)))
    assert other.challenge_id is not None
    await claims.close(other.challenge_id)
    assert isinstance(await claims.claim(other), Closed)


async def _suppressions(client: RedisClient) -> None:
    hashes, kim = AddressHashes(private_ring("s1")), "kim@customer.example"
    suppressions = RedisSuppressions(client, hashes, SuppressionTerms())
    await suppressions.add(kim, Cause.BOUNCED, datetime.now(UTC))
    assert await suppressions.of(kim) is not None
    assert await suppressions.remove(kim)
    accounts, account = RedisSuppressedAccounts(client, hashes), SuppressedAccount(uuid4(), "emea")
    await accounts.add(kim, account, datetime.now(UTC) + timedelta(days=1))
    assert await accounts.take(kim) == [account]


async def auth(client: RedisClient, replicas: int = 0) -> None:
    throttle, bucket = RedisThrottle(client, time.monotonic, deadline_s=5), Bucket("throttle:one", Limit(1, 60_000))
    assert await throttle.take([bucket]) == 0
    assert await throttle.take([bucket]) > 0
    await throttle.give_back([bucket])
    assert await throttle.take([bucket]) == 0
