"""`GET /v1/regions/{region}/propagation` and `DELETE /v1/instances/{instance}`: which instances of auth have what."""

from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.rollout.api.region_bodies import UNKNOWN_REGION
from services.rollout.domain.propagation import InstanceState, Propagation, Standing
from services.rollout.domain.roles import ADMIN, RELEASE_MANAGER, ROLES
from services.rollout.use_cases.forget_instance import ForgetInstance, Forgetting
from services.rollout.use_cases.show_propagation import ShowPropagation
from shared.caller_check import Callers, role_required
from shared.credentials import Caller
from shared.events import RegionName
from shared.problem import ProblemType
from shared.problem_docs import problems

LONGEST_WAIT_S: Final = 30  # load balancers end a request after 60 s
_UNKNOWN_INSTANCE: Final = ProblemType(404, "unknown-instance", "There is no instance of that id")
_LIVE: Final = ProblemType(409, "instance-live", "That instance is heard; stop it, and it goes by itself")


class InstanceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    instance: UUID = Field(description="of one process, from its start to its end")
    name: str = Field(description="host and port")
    version: int | None = Field(description="what it has applied; null: it does not know the region")
    standing: Standing = Field(description="`ahead`: a version that rollout does not know, as after a restore")
    latency_ms: int | None = Field(description="from the change until it held; null: it began with it, or lacks it")
    state: InstanceState = Field(description="`silent`: three heartbeats are missing")
    heartbeat_at: AwareDatetime


class PropagationOut(BaseModel):
    region: RegionName
    version: int = Field(ge=1, description="of the region, as it stands")
    everywhere: bool = Field(description="every instance is live and has this version; false without any instance")
    slowest_ms: int | None = Field(description="the longest `latency_ms` of this version")
    instances: list[InstanceOut] = Field(description="by name; who said goodbye or was forgotten is not here")

    @classmethod
    def of(cls, found: Propagation) -> Self:
        return cls(
            region=found.region,
            version=found.version,
            everywhere=found.everywhere,
            slowest_ms=found.slowest_ms,
            instances=[InstanceOut.model_validate(each) for each in found.instances],
        )


def propagation_routes(show: ShowPropagation, forget: ForgetInstance, operators: Callers) -> APIRouter:
    router = APIRouter(tags=["propagation"])
    operator = role_required(operators, *ROLES)
    keeper = role_required(operators, RELEASE_MANAGER, ADMIN)

    @router.get(
        "/v1/regions/{region}/propagation",
        summary="Which instances have applied the region's version, and how soon",
        dependencies=[Depends(operator)],
        response_model=PropagationOut,
        responses=problems(401, 403, UNKNOWN_REGION, 503),
    )
    async def get_propagation(
        region: Annotated[RegionName, Path(examples=["emea"])],
        wait_s: Annotated[
            int, Query(ge=0, le=LONGEST_WAIT_S, description="answer once it is everywhere, or after so long")
        ] = 0,
    ) -> Response:
        found = await show(region, wait_s)
        if found is None:
            return UNKNOWN_REGION()
        body = PropagationOut.of(found).model_dump(mode="json")
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    @router.delete(
        "/v1/instances/{instance}",
        status_code=204,
        summary="Forget a silent instance that is no more",
        description="It is shown again if it is heard again.",
        response_class=Response,
        responses=problems(401, 403, _UNKNOWN_INSTANCE, _LIVE, 503),
    )
    async def delete_instance(instance: UUID, caller: Annotated[Caller, Depends(keeper)]) -> Response:
        match await forget(instance, caller.name):
            case Forgetting.DONE:
                return Response(status_code=204)
            case Forgetting.UNKNOWN:
                return _UNKNOWN_INSTANCE()
            case Forgetting.LIVE:
                return _LIVE()

    return router
