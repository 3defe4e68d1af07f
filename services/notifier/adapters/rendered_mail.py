"""One kind of mail in one language, from its templates to its parts."""

from collections.abc import Mapping
from gettext import NullTranslations
from typing import Any, Final

from jinja2 import DictLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.adapters.bad_template import BadTemplate, line_in_template
from services.notifier.adapters.template_check import compiled_mjml
from services.notifier.domain.outgoing_mail import Content


def mail_environment(texts: Mapping[str, str], words: NullTranslations) -> ImmutableSandboxedEnvironment:
    """HTML is escaped automatically, and a name that a template does not get is an error, not a gap."""
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(texts),
        autoescape=select_autoescape(enabled_extensions=("mjml.j2",), disabled_extensions=("txt.j2",)),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    extended: Any = environment  # the i18n extension adds its methods at run time
    extended.install_gettext_translations(words, newstyle=True)
    return environment


class RenderedMail:
    """`name` is that of the templates: `passcode`, `notice`."""

    def __init__(self, environment: ImmutableSandboxedEnvironment, name: str, texts: Mapping[str, str]) -> None:
        """Raises: BadTemplate."""
        self.name: Final = name
        self._environment: Final = environment
        self._subject = environment.get_template(f"{name}.subject.txt.j2")
        self._text = environment.get_template(f"{name}.txt.j2")
        self._html = environment.from_string(compiled_mjml(f"{name}.mjml.j2", texts))

    def render(self, values: Mapping[str, object]) -> Content:
        subject = " ".join(self._subject.render(values).split())  # one line, whatever the values hold
        text = self._text.render(values).rstrip("\n")
        return Content(subject, text, self._html.render(values, subject=subject))

    def try_out(self, values: Mapping[str, object]) -> Content:
        """As `render`, but a failure tells its place. Raises: BadTemplate."""
        for part in ("subject.txt", "txt", "mjml"):
            name = f"{self.name}.{part}.j2"
            try:
                self._environment.get_template(name).render(values)
            except Exception as error:
                raise BadTemplate(name, line_in_template(error), str(error)) from error
        return self.render(values)
