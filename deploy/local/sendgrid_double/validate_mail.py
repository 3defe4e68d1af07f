"""What SendGrid's v3 documentation refuses in a `POST /v3/mail/send` body. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_PERSONALIZATIONS = 1_000
MAX_RECIPIENTS = 1_000  # to, cc and bcc of one personalization together
MAX_CUSTOM_ARGS_BYTES = 10_000
MAX_CATEGORIES = 10
RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
_ADDRESS = re.compile(r"[^\s@<>\x00-\x1f]+@[^\s@<>\x00-\x1f]+")


@dataclass(frozen=True)
class Refusal:
    """One entry of SendGrid's error list; `field` is a dotted path, or None for the request as a whole."""

    message: str
    field: str | None = None


def refusals(mail: object) -> list[Refusal]:
    """Everything that is wrong with the parsed body; empty when SendGrid would accept it."""
    if not isinstance(mail, dict):
        return [Refusal("The request body must be a JSON object.")]
    return [*_personalizations(mail), *_sender(mail), *_content(mail), *_extras(mail, "")]


def _personalizations(mail: dict[str, Any]) -> Iterator[Refusal]:
    blocks = mail.get("personalizations")
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= MAX_PERSONALIZATIONS:
        message = f"The personalizations field is required and must be an array of 1 to {MAX_PERSONALIZATIONS} objects."
        yield Refusal(message, "personalizations")
        return
    for number, block in enumerate(blocks):
        path = f"personalizations.{number}"
        if not isinstance(block, dict):
            yield Refusal("Each personalization must be an object.", path)
            continue
        yield from _recipients(block, path)
        yield from _extras(block, f"{path}.")
        if not _text(block.get("subject", mail.get("subject"))) and "template_id" not in mail:
            yield Refusal("The subject is required. You can get around this by using a template.", "subject")


def _recipients(block: dict[str, Any], path: str) -> Iterator[Refusal]:
    seen: set[str] = set()
    if not block.get("to"):
        yield Refusal(
            "The to array is required for all personalization objects, with at least one address.", f"{path}.to"
        )
    for kind in ("to", "cc", "bcc"):
        people = block.get(kind, [])
        if not isinstance(people, list):
            yield Refusal(f"The {kind} field must be an array.", f"{path}.{kind}")
            continue
        for number, person in enumerate(people):
            field = f"{path}.{kind}.{number}.email"
            yield from _address(person, field)
            email = person.get("email") if isinstance(person, dict) else None
            if isinstance(email, str) and email.lower() in seen:
                yield Refusal("Each email address must be unique between to, cc, and bcc.", field)
            seen.add(str(email).lower())
    if len(seen) > MAX_RECIPIENTS:
        yield Refusal(f"A personalization may have at most {MAX_RECIPIENTS} recipients.", path)


def _sender(mail: dict[str, Any]) -> Iterator[Refusal]:
    yield from _address(mail.get("from"), "from.email")
    if "reply_to" in mail:
        yield from _address(mail["reply_to"], "reply_to.email")


def _address(person: object, field: str) -> Iterator[Refusal]:
    email = person.get("email") if isinstance(person, dict) else None
    if not isinstance(email, str) or not _ADDRESS.fullmatch(email) or len(email) > 320:
        yield Refusal("Does not contain a valid address.", field)
    elif isinstance(person, dict) and not isinstance(person.get("name", ""), str):
        yield Refusal("The name must be a string.", field.removesuffix("email") + "name")


def _content(mail: dict[str, Any]) -> Iterator[Refusal]:
    content = mail.get("content")
    if content is None and "template_id" in mail:
        return
    if not isinstance(content, list) or not content:
        yield Refusal("Unless a valid template_id is provided, the content parameter is required.", "content")
        return
    kinds = [part.get("type") if isinstance(part, dict) else None for part in content]
    for number, (kind, part) in enumerate(zip(kinds, content, strict=True)):
        if not _text(kind):
            yield Refusal("The content type must be a string of at least one character.", f"content.{number}.type")
        elif not _text(part.get("value")):
            yield Refusal(
                "The content value must be a string at least one character in length.", f"content.{number}.value"
            )
    ranks = [{"text/plain": 0, "text/html": 1}.get(str(kind), 2) for kind in kinds]
    if ranks != sorted(ranks):
        yield Refusal(
            "If present, text/plain must be first, followed by text/html, followed by any other content.", "content"
        )


def _extras(holder: dict[str, Any], path: str) -> Iterator[Refusal]:
    for name in ("headers", "custom_args"):
        values = holder.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            yield Refusal(f"The {name} must be an object whose values are strings.", f"{path}{name}")
        elif name == "headers" and RESERVED_HEADERS & {key.lower() for key in values}:
            yield Refusal("The headers contain a reserved header.", f"{path}{name}")
        elif (
            name == "custom_args"
            and sum(len(f"{k}{v}".encode(errors="replace")) for k, v in values.items()) >= MAX_CUSTOM_ARGS_BYTES
        ):
            yield Refusal(f"The custom_args must be smaller than {MAX_CUSTOM_ARGS_BYTES} bytes.", f"{path}{name}")
    categories = holder.get("categories", [])
    if not isinstance(categories, list) or len(categories) > MAX_CATEGORIES or not all(map(_text, categories)):
        yield Refusal(f"The categories must be an array of at most {MAX_CATEGORIES} strings.", f"{path}categories")


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""
