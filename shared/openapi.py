"""What FastAPI's description of our routes leaves out, or says wrong. The same for every route of every service."""

from collections.abc import Iterator
from typing import Any, Final

from shared.problem_docs import problems

Document = dict[str, Any]

# OpenAPI 3.1, §4.8.12.1: a header parameter named Authorization shall be ignored; it is a security scheme.
_BEARER: Final = "bearer"
_WITH_BODY: Final = (400, 413, 422)
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


def complete(document: Document) -> Document:
    """Changes and returns it. Names of security schemes are those of HTTP authentication schemes."""
    for operation in operations(document):
        _credential_as_security(operation)
        _common_problems(operation)
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _without_null(parameter["schema"])
    components = document.setdefault("components", {})
    schemes = {name for each in operations(document) for need in each.get("security", ()) for name in need}
    components["securitySchemes"] = {name: {"type": "http", "scheme": name} for name in sorted(schemes)}
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own; ours are problems
        components.get("schemas", {}).pop(name, None)
    return document


def operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in _METHODS)


def _credential_as_security(operation: Document) -> None:
    parameters = operation.get("parameters", [])
    others = [each for each in parameters if each["name"].lower() != "authorization"]
    if len(others) < len(parameters):
        operation["parameters"] = others
        operation.setdefault("security", [{_BEARER: []}])


def _without_null(schema: Document) -> Document:
    """A parameter may be left out, but nothing that is sent stands for null."""
    variants = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(variants) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | dict(variants[0])


def _common_problems(operation: Document) -> None:
    """What is answered before a route is reached: its own declarations go first."""
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    body = operation.get("requestBody", {}).get("content", {})
    statuses = _WITH_BODY if "application/json" in body else (422,) if operation.get("parameters") else ()
    for status, response in problems(*statuses).items():
        responses.setdefault(str(status), response)
