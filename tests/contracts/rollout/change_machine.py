"""Several people, the schedulers and the clock at two regions of a real database, beside a model in plain Python.

After every step the rows are held together (change_evidence.py) and to the model (change_model.py). Of what was done at
once the model accepts any order in which it could have been done one by one.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy.ext.asyncio import AsyncEngine

from services.rollout.adapters.tables import changes, outbox
from services.rollout.domain.wish import Wish
from tests.clock import Clock
from tests.contracts.rollout.change_acts import Act, Done, Service
from tests.contracts.rollout.change_evidence import Evidence, wanted_of
from tests.contracts.rollout.change_model import OPEN, Model
from tests.contracts.rollout.change_wishes import WISHES, MadeAt

BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACTORS = ("rosa", "ben", "ava", "oidc:rosa")
NEXT = {"draft": "submit", "in-review": "approve", "approved": "apply", "scheduled": "apply"}
VERBS = ["begin", "begin", "edit", "set", "reject", "cancel", "schedule", "apply", "submit", "approve", *["next"] * 8]
MEANWHILE = ("", "", "", "edit", "edit", "reject", "cancel")
SPANS = [timedelta(minutes=minutes) for minutes in (1, 30, 60, 180, -60)]

Drawn = tuple[str, str, int, int, MadeAt]
DRAWN = st.tuples(
    st.sampled_from(VERBS), st.sampled_from(ACTORS), st.integers(0, 5), st.sampled_from([0] * 8 + [-1, 1]), WISHES
)


class ChangeMachine(RuleBasedStateMachine):
    """`has_model` False: what is wrong must be found by the rows alone."""

    engine: ClassVar[AsyncEngine]
    runner: ClassVar[asyncio.Runner]
    has_model: ClassVar[bool] = True
    steps: ClassVar[int] = 0
    seen: ClassVar[set[str]] = set()
    found: ClassVar[Exception | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(BEGIN)
        self.names = [f"r{uuid4().hex[:12]}" for _ in range(2)]
        self.begun: list[UUID] = []
        self.firsts: dict[UUID, Wish] = {}
        self.model = Model()
        self.service = Service(self.engine, self.clock)
        self.evidence = Evidence(self.names)
        self.wait_for(self.evidence.begin)

    @initialize(made=WISHES)
    def a_region_that_is_off(self, made: MadeAt) -> None:
        """At once, if it has no dates."""
        for off in (replace(made, mode="off"), MadeAt("off")):
            if not self.evidence.versions:
                self.at_once([Act("set", "rosa", uuid4(), 0, off.at_once(self.names[0], BEGIN))], 0)

    @rule(drawn=DRAWN)
    def somebody_does_something(self, drawn: Drawn) -> None:
        self.at_once([self.act(*drawn)], 0)

    @rule(drawn=st.lists(DRAWN, min_size=1, max_size=4), schedulers=st.integers(0, 2))
    def all_at_once(self, drawn: Sequence[Drawn], schedulers: int) -> None:
        self.at_once([self.act(*each) for each in drawn], schedulers)

    @rule(drawn=DRAWN, others=st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(ACTORS)), max_size=3))
    def all_on_one_change(self, drawn: Drawn, others: Sequence[tuple[str, str]]) -> None:
        verb, actor, which, stale, made = drawn
        self.at_once([self.act(*each, which, stale, made) for each in ((verb, actor), *others)], 1)

    @rule(
        made=WISHES,
        other=WISHES,
        two=st.tuples(*[st.sampled_from(ACTORS)] * 3),
        before=st.sampled_from([*[""] * 3, *MEANWHILE]),
    )
    def two_people_agree(self, made: MadeAt, other: MadeAt, two: Sequence[str], before: str) -> None:
        """If they are two; and a third does something else before it is applied."""
        wish, change_id = made(self.names[0], self.clock.now), uuid4()
        steps = [("begin", two[0], wish), ("submit", two[0], wish), ("approve", two[1], wish)]
        meanwhile = [(before, two[2], other.at_once(self.names[0], self.clock.now))] if before else []
        last = [("apply", two[1], wish), *([("schedule", two[1], wish)] if wish.apply_at else [])]
        for verb, actor, wanted in (*steps, *meanwhile, *last):
            row = self.evidence.changes.get(change_id)
            self.at_once([Act(verb, actor, change_id, row.revision if row else 0, wanted)], 0)

    @rule(wishes=st.lists(WISHES, min_size=2, max_size=4))
    def many_set_one_region(self, wishes: Sequence[MadeAt]) -> None:
        region = self.names[0]
        stands = len(self.evidence.versions.get(region, ()))
        made = [each.at_once(region, self.clock.now) for each in wishes]
        who = zip(ACTORS, made, strict=False)
        self.at_once([Act("set", actor, uuid4(), stands, wish) for actor, wish in who], 1)

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.clock.advance(span)
        self.at_once([], 1)

    def act(self, verb: str, actor: str, which: int, stale: int, made: MadeAt) -> Act:
        """`which` counts from the newest of those that are open, while there are any."""
        open_ = [each for each in self.begun if self.evidence.changes[each].state in OPEN]
        listed = open_ or self.begun
        if verb == "set" or not listed:
            region = self.names[which % 2]
            stands = len(self.evidence.versions.get(region, ()))
            return Act("set", actor, uuid4(), max(0, stands + stale), made.at_once(region, self.clock.now))
        if verb == "begin" and stale >= 0:
            begun = Act("begin", actor, uuid4(), 0, made(self.names[which % 2], self.clock.now))
            self.firsts[begun.change_id] = begun.wish
            return begun
        row = self.evidence.changes[listed[-1 - which % len(listed)]]
        verb = NEXT.get(row.state, "cancel") if verb == "next" else verb
        if verb == "apply" and row.apply_at is not None and row.state == "approved":
            verb = "schedule"
        wish = made(row.region, self.clock.now)
        return Act(
            verb, actor, row.id, row.revision + stale, self.firsts.get(row.id, wish) if verb == "begin" else wish
        )

    def at_once(self, acts: Sequence[Act], schedulers: int) -> None:
        type(self).steps += 1
        try:
            done = self.runner.run(self.service.at_once(acts, schedulers, self.names))
            self.wait_for(self.evidence.look)
        except Exception as error:  # of what takes two at once: it may not come again when it is tried again
            type(self).found = self.found or error
            raise
        self.seen.update(f"{act.verb}: {told}" for each in done for act, (told, _) in each)
        self.begun = sorted(self.evidence.changes, key=lambda each: int(self.evidence.changes[each].begun))
        if self.has_model:
            self.model = next(self.in_some_order(self.model, done), self.model)
            assert self.is_what_stands(self.model), f"in no order: {done}, {self.model}"

    def in_some_order(self, model: Model, left: Sequence[Sequence[Done]]) -> Iterator[Model]:
        """Models that tell what was told, and end where the rows are."""
        if not any(left):
            if self.is_what_stands(model):
                yield model
            return
        for place, (first, *rest) in ((place, each) for place, each in enumerate(left) if each):
            tried = model.copy()
            if tried.do(first[0], self.clock.now) == first[1]:
                yield from self.in_some_order(tried, [*left[:place], rest, *left[place + 1 :]])

    def is_what_stands(self, model: Model) -> bool:
        rows, versions = self.evidence.changes, self.evidence.versions
        return (
            model.changes.keys() == rows.keys()
            and {name: len(each) for name, each in versions.items()} == {
                name: len(each) for name, each in model.versions.items()
            }
            and all(
                (held.state, held.revision, held.base, held.policy, held.authors, held.raises)
                == (row.state, row.revision, row.base_version, wanted_of(row.content), frozenset(row.authors),
                    row.direction == "raises")
                for held, row in ((model.changes[each], row) for each, row in rows.items())
            )
        )  # fmt: skip

    def wait_for(self, look: Any) -> None:
        async def looked() -> None:
            async with self.engine.connect() as connection:
                await look(connection)

        self.runner.run(looked())

    def teardown(self) -> None:
        async def emptied() -> None:
            async with self.engine.begin() as connection:
                await connection.execute(sa.delete(outbox).where(outbox.c.key.in_(self.names)))
                await connection.execute(sa.delete(changes).where(changes.c.region.in_(self.names)))

        self.runner.run(emptied())
