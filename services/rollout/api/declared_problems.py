"""The problems of a route for its OpenAPI description, each with the names that it may have there."""

from typing import Any

from shared.problem_docs import problems


def declared(meanings: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: status to what it means."""
    documents = problems(*meanings)
    return {status: documents[status] | {"description": meaning} for status, meaning in meanings.items()}
