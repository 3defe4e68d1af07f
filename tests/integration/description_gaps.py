"""What an OpenAPI description leaves unsaid that a client's author would have to find out by trying."""

from collections.abc import Iterator
from typing import Any

from shared.problem import MEDIA_TYPE, TYPE_PREFIX

Document = dict[str, Any]


def gaps(document: Document) -> Iterator[str]:
    """Each as `METHOD path: what is missing`."""
    seen: set[str] = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for gap in _of_operation(document, operation):
                yield f"{method.upper()} {path}: {gap}"
            if operation["operationId"] in seen:
                yield f"{method.upper()} {path}: operationId {operation['operationId']} is another's too"
            seen.add(operation["operationId"])


def _of_operation(document: Document, operation: Document) -> Iterator[str]:
    if not operation.get("summary"):
        yield "no summary"
    if not any(status.startswith("2") for status in operation["responses"]):
        yield "no success"
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if status < "4":
            yield from (f"{status} has no schema" for media in content.values() if not media.get("schema"))
        elif "ReadinessOut" not in str(content):  # shows its checks, whatever they say
            yield from _of_problem(status, content)
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield from _without_example(document, media["schema"])


def _of_problem(status: str, content: Document) -> Iterator[str]:
    if set(content) != {MEDIA_TYPE}:
        yield f"{status} is no {MEDIA_TYPE}"
        return
    examples = [example["value"] for example in content[MEDIA_TYPE].get("examples", {}).values()]
    if not examples:
        yield f"{status} has no example"
    if any(example["status"] != int(status) or example["type"] == f"{TYPE_PREFIX}refused" for example in examples):
        yield f"{status} does not say which problem it is"


def _without_example(document: Document, schema: Document) -> Iterator[str]:
    """A body has one of its own, or each field that must be there has one."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "example" in schema or "examples" in schema:
        return
    for name in schema.get("required", ()):
        field = schema["properties"][name]
        if not {"example", "examples", "const", "enum", "$ref"} & set(field) and field.get("format") != "uuid":
            yield f"no example of {name}"
