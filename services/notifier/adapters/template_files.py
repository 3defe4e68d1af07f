"""The texts of the templates: ours, each replaced by the file of the same name in the operator's folder."""

from pathlib import Path
from typing import Final

from services.notifier.adapters.bad_template import BadTemplate

TEMPLATES_DIR: Final = Path(__file__).parent.parent / "templates"


def template_texts(overrides: Path | None, folder: Path = TEMPLATES_DIR) -> dict[str, str]:
    """By file name.

    Raises:
        BadTemplate: a file that replaces none of ours, which would else be ignored without a word; or is no UTF-8.
        OSError: it cannot be read.
    """
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.j2"))}
    return texts if overrides is None else texts | _replacing(overrides, sorted(texts))


def _replacing(overrides: Path, known: list[str]) -> dict[str, str]:
    found = {}
    # Kubernetes puts folders and links of its own, with a leading dot, into what it mounts.
    for path in sorted(path for path in overrides.iterdir() if not path.name.startswith(".")):
        if path.name not in known:
            raise BadTemplate(path.name, None, f"replaces no template; they are {', '.join(known)}")
        try:
            found[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            raise BadTemplate(path.name, None, "is not UTF-8") from None
    return found
