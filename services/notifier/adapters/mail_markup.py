"""What may stand in a mail's HTML: words and their looks. Nothing that is fetched, followed or run."""

import re
from html.parser import HTMLParser
from typing import Final

from services.notifier.adapters.bad_template import BadTemplate

_TEXT_TAGS: Final = frozenset(
    {"b", "bdi", "br", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "meta", "ol", "p", "small", "span", "strong"}
    | {"table", "tbody", "td", "th", "tr", "ul"}
)
_MJML_TAGS: Final = frozenset(
    {"mjml", "mj-all", "mj-attributes", "mj-body", "mj-class", "mj-column", "mj-divider", "mj-group", "mj-head"}
    | {"mj-include", "mj-raw", "mj-section", "mj-spacer", "mj-style", "mj-table", "mj-text", "mj-title", "mj-wrapper"}
)
_PAGE_TAGS: Final = frozenset({"html", "head", "title", "style", "body"})
_VOID_TAGS: Final = frozenset({"br", "hr", "meta"})
_FETCHING: Final = frozenset(
    {"action", "background", "background-url", "formaction", "href", "poster", "src", "srcset"}
)
_REMOTE: Final = re.compile(r"url\s*\(|@import|image-set|://|mailto:", re.IGNORECASE)


def check_words(name: str, text: str) -> None:
    """No address that a mail program would fetch or make a link of. Raises: BadTemplate."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _REMOTE.search(line):
            raise BadTemplate(name, number, f"“{found[0]}”: a mail links to nothing and fetches nothing")


class _Markup(HTMLParser):
    """Refuses tags that are not in `allowed`, and attributes that fetch or run."""

    allowed: frozenset[str]

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self._name = name
        self._open: list[tuple[str, int]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.check_tag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.check_tag(tag, attrs)

    def check_tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.allowed:
            raise self.bad(f"<{tag}> is not allowed")
        for name, _ in attrs:
            if name in _FETCHING or name.startswith("on"):
                raise self.bad(f"{name}=… is not allowed")

    def bad(self, what: str) -> BadTemplate:
        return BadTemplate(self._name, self.getpos()[0], what)


class MjmlSource(_Markup):
    """MJML as it is written, to be read once. The compiler lets through what it does not know, and does not say where
    a tag was left open."""

    allowed = _TEXT_TAGS | _MJML_TAGS

    def __init__(self, name: str, text: str) -> None:
        """Raises: BadTemplate."""
        super().__init__(name, text)
        if self._open:
            tag, line = self._open[-1]
            raise BadTemplate(name, line, f"<{tag}> is not closed")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if any(name == "http-equiv" for name, _ in attrs):
            raise self.bad("http-equiv=… is not allowed")
        if tag not in _VOID_TAGS:
            self._open.append((tag, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop()[0] != tag:
            raise self.bad(f"</{tag}> closes nothing")

    def handle_comment(self, data: str) -> None:
        raise self.bad(f"<!--{data[:20]}…--> is not allowed, since Outlook reads some comments; write {{# … #}}")


class MailPage(_Markup):
    """HTML as it is sent: its language, its direction, its text."""

    allowed = _TEXT_TAGS | _PAGE_TAGS

    def __init__(self, name: str, html: str) -> None:
        """Raises: BadTemplate."""
        self.lang: str | None = None
        self.dir: str | None = None
        self.text = ""
        super().__init__(name, html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "html":
            self.lang, self.dir = dict(attrs).get("lang"), dict(attrs).get("dir")

    def handle_data(self, data: str) -> None:
        self.text += data

    def bad(self, what: str) -> BadTemplate:
        return BadTemplate(self._name, None, what)  # lines of the compiled page are not those of the template
