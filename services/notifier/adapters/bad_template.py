"""Why a template is refused at start."""

import traceback


class BadTemplate(Exception):
    """Names the file, the line where one can be named, and what is wrong."""

    def __init__(self, name: str, line: int | None, what: str) -> None:
        place = name if line is None else f"{name}, line {line}"
        super().__init__(f"{place}: {what}")


def line_in_template(error: Exception) -> int | None:
    """Where Jinja was in the template when it failed: it writes itself into the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return lines[-1] if lines else None
