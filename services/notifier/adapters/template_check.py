"""What can be told of a template before it is used: its syntax, its names, what it must not hold."""

import re
from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from mjml import mjml2html

from services.notifier.adapters.bad_template import BadTemplate
from services.notifier.adapters.mail_markup import MjmlSource, check_words

_EVERYWHERE: Final = frozenset(
    {"brand", "brand_color", "dir", "domain", "lang", "start", "subject", "support"}
    | {"_", "gettext", "ngettext", "npgettext", "pgettext"}
)
NAMES: Final[Mapping[str, frozenset[str]]] = {
    "head": _EVERYWHERE,
    "passcode": _EVERYWHERE | {"code", "lead", "minutes", "purpose", "sent", "until", "warning"},
    "notice": _EVERYWHERE | {"advice", "facts", "kind", "news"},
}

_POSITION = re.compile(r" position (\d+):")


def check_template(environment: Environment, name: str, text: str) -> None:
    """Raises: BadTemplate."""
    try:
        tree = environment.parse(text)
        environment.compile(text)  # the names of filters and tests
    except TemplateSyntaxError as error:
        raise BadTemplate(name, error.lineno, error.message or "not a Jinja template") from None
    known = NAMES[name.split(".")[0]]
    unknown = find_undeclared_variables(tree) - known
    for used in tree.find_all(nodes.Name):
        if used.name in unknown:
            raise BadTemplate(name, used.lineno, f"there is no “{used.name}”; there are {', '.join(sorted(known))}")
    check_words(name, text)
    if name.endswith(".mjml.j2"):
        MjmlSource(name, text)


def compiled_mjml(name: str, texts: Mapping[str, str]) -> str:
    """The HTML that `name` stands for, still a Jinja template: no value ever goes through the compiler.

    Raises: BadTemplate.
    """
    try:
        # No fonts: for some families the compiler would fetch them from Google.
        return mjml2html(texts[name], disable_comments=True, fonts={}, include_loader=lambda path: texts[path])
    except ValueError as error:
        position = _POSITION.search(str(error))
        line = texts[name].count("\n", 0, int(position[1])) + 1 if position else None
        raise BadTemplate(name, line, f"not MJML: {error}") from None
