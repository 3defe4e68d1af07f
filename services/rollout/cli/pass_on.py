"""What the verbs of changes and plans have in common."""

from services.rollout.cli.exits import Json
from services.rollout.cli.records import Kind, act_on
from services.rollout.cli.session import Session


def pass_on(
    session: Session, kind: Kind, record: Json, verb: str, revision: int | None, *, so: str | None, because: str = ""
) -> Json:
    """As it is afterwards. `so`: the state in which there is nothing left to do; perhaps an answer never came. None:
    only rollout can say that. Raises: Stopped."""
    if revision is None and record["state"] == so:
        session.screen.remark(f"it was {so} already")
        return record
    return record | act_on(session.rollout, kind, record, verb, revision, {"reason": because} if because else None)
