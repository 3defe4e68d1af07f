"""The problems of a route, for its OpenAPI description: exactly these types, each with an example."""

from collections.abc import Iterable
from typing import Any

from shared.problem import MEDIA_TYPE, TYPE_PREFIX, ProblemType, of_status

Responses = dict[int | str, dict[str, Any]]


def problems(*declared: int | ProblemType) -> Responses:
    """For `responses=`. A bare status stands for the problem that our handlers make of it."""
    by_status: dict[int, list[ProblemType]] = {}
    for each in declared:
        kind = of_status(each) if isinstance(each, int) else each
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _response(status, kinds) for status, kinds in by_status.items()}


def _response(status: int, kinds: Iterable[ProblemType]) -> dict[str, Any]:
    types = {TYPE_PREFIX + kind.name: kind for kind in kinds}
    schema = {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457. Further members depend on the type.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "enum": list(types)},
            "title": {"type": "string"},
            "status": {"type": "integer", "const": status},
        },
    }
    examples = {
        kind.name: {
            "summary": kind.title,
            "value": {"type": name, "title": kind.title, "status": status, **kind.members},
        }
        for name, kind in types.items()
    }
    meanings = (f"`{kind.name}`: {kind.when}" if kind.when else f"`{kind.name}`" for kind in types.values())
    return {"description": "; ".join(meanings), "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}}}
