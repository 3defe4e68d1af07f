"""`gatepost suppressions show [ADDRESS]`, `… clear [ADDRESS] --reason TEXT`: support asks a running notifier
(docs/runbooks/suppressions.md)."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Never, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from services.notifier.api.suppressions import AddressIn, ClearedOut, ClearIn, SuppressionOut
from services.notifier.settings import SupportSettings
from shared.settings import read

A = TypeVar("A", bound=BaseModel)

STDIN: Final = "-"
DEADLINE_S: Final = 10.0  # more than the notifier waits for Redis
NO_NOTIFIER: Final = "what answers at GATEPOST_NOTIFIER_URL is no notifier, or one of another version"
REFUSALS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the notifier does not know GATEPOST_OPERATOR_TOKEN",
    HTTPStatus.FORBIDDEN: "GATEPOST_OPERATOR_TOKEN has a role that may not do this: support and admin may",
    HTTPStatus.NOT_FOUND: NO_NOTIFIER,
}


def show(arguments: list[str]) -> None:
    parser = _parser("show", "Whether an address is mailed, and why not.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = _ask(parser, "lookup", _body(parser, AddressIn, address=_address(parser, given)), SuppressionOut)
    _say(found.model_dump_json() if given.json else _as_line(found))


def clear(arguments: list[str]) -> None:
    """Ends the process with 1 when the address was not on the list."""
    parser = _parser("clear", "Mail an address again, from now on.")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="stands in the log; a line without an address")
    given = parser.parse_args(arguments)
    body = _body(parser, ClearIn, address=_address(parser, given), reason=given.reason)
    if not _ask(parser, "clear", body, ClearedOut).cleared:
        parser.exit(1, "it was not on the list\n")
    _say("it is mailed again, from now on")


def _parser(verb: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"gatepost suppressions {verb}", description=description)
    text = "default: -, a line of standard input, which no shell remembers and `ps` does not show"
    parser.add_argument("address", nargs="?", default=STDIN, metavar="ADDRESS", help=text)
    return parser


def _address(parser: argparse.ArgumentParser, given: argparse.Namespace) -> str:
    if given.address != STDIN:
        return str(given.address)
    if sys.stdin.isatty():
        print("address: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question
    try:
        return sys.stdin.readline().strip()
    except UnicodeDecodeError:
        parser.error("standard input is no text")
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _body(parser: argparse.ArgumentParser, kind: type[BaseModel], **fields: str) -> str:
    """As the notifier will read it: what it would refuse is not sent."""
    try:
        return kind(**fields).model_dump_json()
    except ValidationError as error:
        parser.error("; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()))


def _ask(parser: argparse.ArgumentParser, verb: str, body: str, kind: type[A]) -> A:
    """Ends the process with 2 when the notifier refuses, with 75 (EX_TEMPFAIL) when it cannot answer."""
    settings = read(SupportSettings)
    try:
        status, answer = asyncio.run(_post(settings, verb, body))
    except (aiohttp.ClientError, TimeoutError):
        _stop(f"nothing answers at GATEPOST_NOTIFIER_URL={settings.notifier_url}, or not in time")
    except KeyboardInterrupt:
        _stop("interrupted")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _stop(f"the notifier cannot do it just now ({status})")
    if status != HTTPStatus.OK:
        parser.error(REFUSALS.get(status, f"the notifier refuses ({status})"))
    try:
        return kind.model_validate_json(answer)
    except ValidationError:
        parser.error(NO_NOTIFIER)


async def _post(settings: SupportSettings, verb: str, body: str) -> tuple[int, bytes]:
    url = f"{settings.notifier_url.rstrip('/')}/v1/admin/suppressions/{verb}"
    token = settings.operator_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_S)) as session,
        # The token and the address are for this one alone, wherever it may point.
        session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response,
    ):
        return response.status, await response.read()


def _as_line(found: SuppressionOut) -> str:
    if not found.suppressed:
        return "not on the list"
    until = f"{found.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"on the list: {found.cause} {found.since:%Y-%m-%d %H:%M} UTC, not mailed until {until}"


def _stop(why: str) -> Never:
    print(f"Stopped: {why}. The same command may be run again.", file=sys.stderr)  # noqa: T201 - a command's answer
    raise SystemExit(os.EX_TEMPFAIL)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a command's answer
