"""What becomes of the mails that were accepted, and how it is reported. Pure."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from deploy.local.sendgrid_double.plan import BadPlan, count_of, delay_of, fields_of, flag_of, is_integer

FIELDS = frozenset({"events", "type", "reason", "delay_s", "count", "copies", "shuffled"})
Happening = Literal["processed", "deferred", "delivered", "bounce", "dropped", "spamreport"]
HAPPENINGS = get_args(Happening)
MOST_EVENTS, MOST_COPIES, MOST_REASON_CHARS = 20, 100, 1_000
ARRIVES = frozenset({"delivered", "spamreport"})


@dataclass(frozen=True)
class Fate:
    """`events` are reported of the next `count` mails (None: of all until it is cleared), in this order, `delay_s`
    seconds after the mail was accepted, each `copies` times under one id; `shuffled`: in any order.

    `type` (of a bounce: `bounce` or `blocked`) and `reason` stand in the events that have such a field. The mail is in
    the mailbox if one of the events says that it arrived.
    """

    events: tuple[Happening, ...] = ("processed", "delivered")
    type: Literal["bounce", "blocked"] = "bounce"
    reason: str | None = None
    delay_s: float = 0.0
    count: int | None = None
    copies: int = 1
    shuffled: bool = False

    @property
    def arrives(self) -> bool:
        return not ARRIVES.isdisjoint(self.events)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "events": list(self.events)}

    @classmethod
    def parse(cls, body: object) -> Self:
        fields = fields_of(body, FIELDS)
        events, kind = fields.get("events", cls.events), fields.get("type", cls.type)
        copies, reason = fields.get("copies", cls.copies), fields.get("reason")
        if not isinstance(events, list | tuple) or len(events) > MOST_EVENTS:
            raise BadPlan(f"events must be a list of at most {MOST_EVENTS}")
        if any(event not in HAPPENINGS for event in events):
            raise BadPlan(f"events may be {', '.join(HAPPENINGS)}")
        if kind not in ("bounce", "blocked"):
            raise BadPlan("type must be bounce or blocked")
        if reason is not None and not (isinstance(reason, str) and len(reason) <= MOST_REASON_CHARS):
            raise BadPlan(f"reason must be a text of at most {MOST_REASON_CHARS} characters")
        if not (is_integer(copies) and 1 <= copies <= MOST_COPIES):
            raise BadPlan(f"copies must be an integer from 1 to {MOST_COPIES}")
        return cls(tuple(events), kind, reason, delay_of(fields), count_of(fields), copies, flag_of(fields, "shuffled"))
