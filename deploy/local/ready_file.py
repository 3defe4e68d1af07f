"""The one JSON object that tells other programs that everything answers, and where (DESIGN §8)."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def write_ready_file(path: Path, content: Mapping[str, Any]) -> None:
    """Appears at once and whole, readable by its owner only (it holds passwords and tokens). Raises OSError."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextlib.contextmanager
def published(path: Path | None, content: Mapping[str, Any]) -> Iterator[None]:
    """The file is there for as long as the context lasts; None for no file."""
    if path is None:
        yield
        return
    write_ready_file(path, content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
