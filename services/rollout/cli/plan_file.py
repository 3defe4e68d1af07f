"""A plan as it is kept in git: YAML or JSON, in the shape that `POST /v1/plans` takes."""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from services.rollout.cli.exits import Exit, Json, Stopped

STDIN: Final = Path("-")
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written, since rollout reads wall-clock times; refuses a key that comes twice, of which
    YAML's readers silently take the last."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its parent
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} comes twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def read_plan(file: Path) -> Json:
    """`-`: standard input. Only what is needed to find the plan is looked at here. Raises: Stopped."""
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8")
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise Stopped(Exit.USAGE, f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Stopped(Exit.USAGE, f"{file} cannot be read: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str) or not _has_waves(found):
        raise Stopped(Exit.USAGE, f"{file} is no plan: it has a name, and waves with regions and steps (docs/cli.md)")
    return found


def _has_waves(found: Json) -> bool:
    waves = found.get("waves")
    return isinstance(waves, list) and all(isinstance(wave, dict) and _has_regions(wave) for wave in waves)


def _has_regions(wave: Json) -> bool:
    regions, steps = wave.get("regions"), wave.get("steps")
    named = isinstance(regions, list) and all(isinstance(each, dict) and "region" in each for each in regions)
    return named and isinstance(steps, list)
