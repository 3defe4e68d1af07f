"""`gatepost secrets make|add|promote|retire|list FILE`: the steps of a rotation, for one file of keys
(docs/decisions/0015-keys-rotate-in-three-steps.md)."""

import argparse
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from shared.key_file import KeyFile, SealingPair
from shared.key_steps import PREFIX, Refusal, newest_of, promoted, retired, with_key
from shared.keyring import KEY_BYTES, Keyring

# Six times as long as instances take by default to read a file again (`key_refresh_s`).
READ_BY_ALL_S: Final = 30
# A code lives for 10 min and is known for 1 min more; instances begin to write with the new key within READ_BY_ALL_S.
CODES_ARE_OVER_S: Final = 660 + READ_BY_ALL_S
# A notice, whose address was sealed to the old key, is mailed for a day (`notice_life_s`).
SEALED_IS_OVER_S: Final = 86_400 + READ_BY_ALL_S


def make(arguments: list[str]) -> None:
    parser = _parser("make", "A new file with one key.")
    given = _with_prefix(parser).parse_args(arguments)
    with _changing(given) as file:
        if file.exists():
            parser.error(f"{given.file} exists already, or its public half does")
        _write(file, with_key(None, secrets.token_bytes(KEY_BYTES), _today(), given.prefix))


def add(arguments: list[str]) -> None:
    parser = _parser("add", "A new key behind the others: every instance reads with it, none writes.")
    given = _with_prefix(parser).parse_args(arguments)
    with _changing(given) as file:
        _write(file, with_key(file.read(), secrets.token_bytes(KEY_BYTES), _today(), given.prefix))


def promote(arguments: list[str]) -> None:
    parser = _parser("promote", "The newest key to the front: from now on it writes.")
    _with_wait(parser, f"since a key was added, default {READ_BY_ALL_S}: every instance must have read it")
    given = parser.parse_args(arguments)
    with _changing(given) as file:
        step = promoted(file.read())
        if isinstance(step, Refusal):
            parser.error(step)
        _wait_is_over(parser, given, file, READ_BY_ALL_S)
        _write(file, step)


def retire(arguments: list[str]) -> None:
    parser = _parser("retire", "Drop the keys behind the first, once nothing lives that they protected.")
    _with_wait(parser, f"since the promotion, default {CODES_ARE_OVER_S}, with --public {SEALED_IS_OVER_S}")
    given = parser.parse_args(arguments)
    if given.file.name.lower().endswith("storage_keys"):
        parser.error("nothing encrypts anew what storage keys protect: the old ones stay")
    with _changing(given) as file:
        step = retired(file.read())
        if isinstance(step, Refusal):
            parser.error(step)
        _wait_is_over(parser, given, file, SEALED_IS_OVER_S if given.public else CODES_ARE_OVER_S)
        _write(file, step)


def show(arguments: list[str]) -> None:
    """`secrets list`: the ids in their order, and what each does; never a key."""
    file = _file(_parser("list", "The ids in their order, and what each key does.").parse_args(arguments))
    with _failures_told():
        _show(file, file.read())


def _parser(verb: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"gatepost secrets {verb}", description=description)
    parser.add_argument("file", type=Path, metavar="FILE", help="for instance gatepost_peppers")
    text = "FILE holds the notifier's sealing keys; this one their public half"
    parser.add_argument("--public", type=Path, metavar="PUBLIC_FILE", help=text)
    return parser


def _with_prefix(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--prefix", type=_prefix, help="of the new id; default: that of the newest key, else k")
    return parser


def _with_wait(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--after", type=float, metavar="SECONDS", help=text)
    parser.add_argument("--now", action="store_true", help="do not wait: requests may be answered with 503 for a while")


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise ValueError("it would be no id")
    return text


def _file(given: argparse.Namespace) -> KeyFile:
    return SealingPair(given.file, given.public) if given.public else KeyFile(given.file)


@contextmanager
def _changing(given: argparse.Namespace) -> Iterator[KeyFile]:
    file = _file(given)
    with _failures_told(), file.locked():
        yield file


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        sys.exit(str(error))


def _wait_is_over(parser: argparse.ArgumentParser, given: argparse.Namespace, file: KeyFile, default_s: float) -> None:
    """The last change of the file was the step before this one."""
    missing = (default_s if given.after is None else given.after) - (time.time() - file.changed_at())
    if missing > 0 and not given.now:
        parser.error(f"{given.file} has changed too recently: in {missing:.0f} s, or with --now")
    if missing > 0:
        sys.stderr.write(f"warning: {missing:.0f} s too early; what an instance cannot read gets 503 or is lost\n")


def _write(file: KeyFile, ring: Keyring) -> None:
    file.write(ring)
    _show(file, ring)


def _show(file: KeyFile, ring: Keyring) -> None:
    newest = newest_of(ring)
    for key in ring:
        does = "writes" if key == ring.current else "next" if key == newest else "reads"
        print(f"{key.id:<32} {does}")  # noqa: T201 - a command's answer
    changed = datetime.fromtimestamp(file.changed_at(), UTC)
    print(f"unchanged since {changed:%Y-%m-%d %H:%M:%S} UTC")  # noqa: T201


def _today() -> date:
    return datetime.now(UTC).date()
