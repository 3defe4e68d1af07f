"""`make check`: what the documents say of the tree must be so. Run as `python -m tests.check_docs`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_LINES = 200
_PATH = re.compile(r"`((?:services|shared|deploy|tests|docs|\.ci)/[A-Za-z0-9_./-]*)`")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def missing_paths() -> Iterator[str]:
    for document in tracked("*.md"):
        text = document.read_text()
        for path in _PATH.findall(text):
            if not (ROOT / path).exists():
                yield f"{document.relative_to(ROOT)}: names {path}, which does not exist"
        for target in _LINK.findall(text):
            if not (document.parent / target).exists():
                yield f"{document.relative_to(ROOT)}: links to {target}, which does not exist"


def long_files() -> Iterator[str]:
    for file in tracked("services/**/*.py", "shared/**/*.py", "services/*.py", "shared/*.py"):
        lines = len(file.read_text().splitlines())
        if lines > MAX_LINES:
            yield f"{file.relative_to(ROOT)}: {lines} lines; {MAX_LINES} at most: find the missing name"


def lock_hosts() -> Iterator[str]:
    if "://" in (ROOT / "requirements.lock").read_text():
        yield "requirements.lock: records an address; make it with `make lock`"


def main() -> None:
    found = [*missing_paths(), *long_files(), *lock_hosts()]
    print("\n".join(found), file=sys.stderr)
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
