"""The address that a request comes from, out of the connection, its header and its body."""

from collections.abc import Callable, Sequence

from fastapi import Request

from services.auth.domain.client_address import Address, Network, client_address

ClientAddress = Callable[[Request, Address | None], Address | None]


def client_address_from(trusted: Sequence[Network]) -> ClientAddress:
    """Called with the request and with `client.ip` of its body."""

    def address_of(request: Request, stated: Address | None) -> Address | None:
        peer = request.client.host if request.client else None
        forwarded_for = request.headers.getlist("x-forwarded-for")
        return client_address(peer, ",".join(forwarded_for) if forwarded_for else None, stated, trusted)

    return address_of
