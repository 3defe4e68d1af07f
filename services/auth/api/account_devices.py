"""`/v1/account/devices`: the devices that are asked for no code."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.auth.api.answers import answer
from services.auth.api.problem_types import INSUFFICIENT, UNKNOWN_DEVICE
from services.auth.api.sessions import RevokedOut
from services.auth.api.signed_in import SignedIn
from services.auth.domain.access import Access
from services.auth.use_cases.own_devices import OwnDevices
from shared.problem_docs import problems


class DeviceOut(BaseModel):
    id: UUID
    name: str
    trusted_at: datetime
    last_used_at: datetime
    expires_at: datetime


class DevicesOut(BaseModel):
    devices: list[DeviceOut]


def device_routes(own: OwnDevices, signed_in: SignedIn) -> APIRouter:
    router = APIRouter(prefix="/v1/account/devices", tags=["account"], responses=problems(401, INSUFFICIENT, 503))
    owner = Depends(signed_in.session())

    @router.get("", summary="One's trusted devices", response_model=DevicesOut)
    async def get_devices(access: Annotated[Access, owner]) -> Response:
        shown = [
            DeviceOut(
                id=device.id,
                name=device.name,
                trusted_at=device.created_at,
                last_used_at=device.last_used_at,
                expires_at=device.expires_at,
            )
            for device in await own.all(access.subject)
        ]
        return answer(200, DevicesOut(devices=shown))

    @router.delete("", summary="Trust none of them", response_model=RevokedOut)
    async def delete_devices(access: Annotated[Access, owner]) -> Response:
        return answer(200, RevokedOut(revoked=await own.end(access.subject)))

    @router.delete(
        "/{device_id}", summary="Trust one no longer", status_code=204, responses=problems(UNKNOWN_DEVICE, 422)
    )
    async def delete_device(device_id: UUID, access: Annotated[Access, owner]) -> Response:
        if not await own.end(access.subject, device_id):
            return UNKNOWN_DEVICE()
        return Response(status_code=204)

    return router
