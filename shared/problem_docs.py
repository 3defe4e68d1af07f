"""The problems of a route, for its OpenAPI description."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.problem import MEDIA_TYPE, TYPE_PREFIX


class ProblemOut(BaseModel):
    """RFC 9457. Further members depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[TYPE_PREFIX + "invalid-request"])
    title: str
    status: int


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: each status is a problem document."""
    schema = ProblemOut.model_json_schema()
    return {status: {"description": "problem", "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}
