"""What goes wrong with the next requests. Pure."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from deploy.local.sendgrid_double.plan import BadPlan, count_of, delay_of, fields_of, flag_of, is_integer

FIELDS = frozenset({"status", "delay_s", "count", "drop", "fault"})
Breakage = Literal["hang", "reset", "slow_body"]


@dataclass(frozen=True)
class Fault:
    """Answer `status` after `delay_s` seconds, for the next `count` requests (None: until cleared).

    `drop`: the mail of an accepted request (2xx) never shows up. `fault`: below HTTP; `hang` never answers, `reset`
    cuts the connection, `slow_body` sends the status and lets the rest trickle. Of the first two the caller cannot know
    what became of the mail: it is taken, if it is not to be dropped.
    """

    status: int = 202
    delay_s: float = 0.0
    count: int | None = None
    drop: bool = False
    fault: Breakage | None = None

    @property
    def accepts(self) -> bool:
        return 200 <= self.status < 300

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def parse(cls, body: object) -> Self:
        fields = fields_of(body, FIELDS)
        status, fault = fields.get("status"), fields.get("fault")
        if status is not None and not (is_integer(status) and 200 <= status <= 599):
            raise BadPlan("status must be an integer from 200 to 599")
        if fault is not None and fault not in get_args(Breakage):
            raise BadPlan(f"fault must be one of {', '.join(get_args(Breakage))}")
        if fault in ("hang", "reset") and status is not None:
            raise BadPlan(f"a {fault} has no status")
        answered = 202 if status is None else status
        return cls(answered, delay_of(fields), count_of(fields), flag_of(fields, "drop"), fault)
