"""What the public schedule calls the states, in the languages of our mails. Pure."""

from collections.abc import Mapping
from typing import Final

from services.rollout.domain.schedule import PublicState

DEFAULT_LANGUAGE: Final = "en"
_STATES: Final = (
    PublicState.NOT_PLANNED,
    PublicState.PLANNED,
    PublicState.ANNOUNCED,
    PublicState.POSTPONED,
    PublicState.ROLLING_OUT,
    PublicState.REQUIRED,
)
_WORDS: Final = {
    "en": ("No date yet", "Planned", "Announced", "Postponed", "Begins step by step", "Required"),
    "de": ("Noch kein Termin", "Geplant", "Angekündigt", "Verschoben", "Beginnt schrittweise", "Erforderlich"),
    "fr": ("Pas encore de date", "Prévu", "Annoncé", "Reporté", "Mise en place progressive", "Obligatoire"),
    "es": ("Sin fecha todavía", "Previsto", "Anunciado", "Aplazado", "Implantación gradual", "Obligatorio"),
    "ja": ("日程未定", "予定", "告知済み", "延期", "段階的に開始", "必須"),
    "ar": ("لا موعد بعد", "مخطط له", "أُعلن عنه", "مؤجل", "يبدأ تدريجيًا", "مطلوب"),
}
LABELS: Final[Mapping[str, Mapping[PublicState, str]]] = {
    language: dict(zip(_STATES, words, strict=True)) for language, words in _WORDS.items()
}
