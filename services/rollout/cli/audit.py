"""`gatepost audit list|export|verify`: who did what, and whether that is all of it."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from services.rollout.cli import options, tables
from services.rollout.cli.audit_pages import PAGE, entry_of, head_of, newest, of_file, up_to
from services.rollout.cli.exits import Exit, Json, Stopped
from services.rollout.cli.nouns import AUDIT
from services.rollout.cli.session import Session, verb
from services.rollout.domain.audit import Broken, Chain, Head

_NOTE: Final = re.compile(r"(\d{1,15}):([0-9a-f]{64})", re.ASCII)


def _noted(text: str) -> Head:
    found = _NOTE.fullmatch(text)
    if found is None:
        raise typer.BadParameter("NUMBER:HASH, as `verify` and `export` say it")
    return Head(int(found[1]), found[2])


@verb(AUDIT, "list")
def list_entries(
    session: Session,
    region: Annotated[str | None, typer.Option(metavar="REGION")] = None,
    limit: options.Limit = 50,
) -> None:
    """The newest entries, the newest last."""
    found = newest(session.rollout, limit, region)
    session.screen.answer({"entries": found}, tables.audit(found))


@verb(AUDIT, "export")
def export(
    session: Session,
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="default: standard output")] = None,
) -> None:
    """All of it as JSON lines, the oldest first. Its last entry is named: write that down elsewhere."""
    head = head_of(session.rollout)
    with _opened(out) as lines:
        for entry in up_to(session.rollout, head):
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
    if out is not None:
        session.screen.answer({"file": str(out), "head": _json(head)}, f"{head.number} entries in {out}")
    session.screen.remark(_note(head))


@verb(AUDIT, "verify")
def verify(
    session: Session,
    file: Annotated[Path | None, typer.Option(metavar="PATH", help="of `audit export`; rollout is not asked")] = None,
    noted: Annotated[
        Head | None,
        typer.Option("--head", parser=_noted, metavar="NUMBER:HASH", help="an entry that was written down before"),
    ] = None,
) -> None:
    """Whether any entry was edited, removed or moved. Who owns the database can rewrite all of it: give --head."""
    chain = Chain(noted)
    if file is None:
        head = head_of(session.rollout)
        broken = _followed(session, chain, up_to(session.rollout, head)) or chain.end(head)
    else:
        broken = _followed(session, chain, of_file(file)) or chain.end(chain.head)
    document = {"holds": broken is None, "head": _json(chain.head), "broken": _json(broken)}
    if broken is None:
        session.screen.answer(document, f"{chain.head.number} entries hold. {_note(chain.head)}")
        return
    session.screen.answer(document)
    raise Stopped(Exit.AUDIT_BROKEN, f"the audit does not hold at entry {broken.number}: {broken.because}")


def _followed(session: Session, chain: Chain, entries: Iterable[Json]) -> Broken | None:
    with session.screen.waiting("entries") as status:
        for told in entries:
            if broken := chain.add(entry_of(told)):
                return broken
            if chain.head.number % PAGE == 0:
                status.update(f"{chain.head.number} entries hold so far")
    return None


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """The file is there when it is whole."""
    if out is None:
        yield sys.stdout
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8") as lines:
            yield lines
        os.replace(part, out)
    except OSError as error:
        raise Stopped(Exit.USAGE, f"--out {out}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _note(head: Head) -> str:
    return f"Newest: {head.number}:{head.hash}"


def _json(of: Head | Broken | None) -> Json | None:
    match of:
        case None:
            return None
        case Head(number, hash_):
            return {"number": number, "hash": hash_}
        case Broken(number, because):
            return {"number": number, "because": because}
