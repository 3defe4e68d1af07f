"""An operator's templates: used where they are good, refused at start where a mail would not be."""

from pathlib import Path
from typing import Any

import pytest

from services.notifier.adapters.bad_template import BadTemplate
from services.notifier.adapters.read_templates import read_templates
from services.notifier.adapters.template_files import TEMPLATES_DIR
from services.notifier.settings import MailSettings
from tests.unit.notifier.fakes import CODE
from tests.unit.notifier.mails import Reader, passcode_mail, templates

LEAD = '<p style="margin:0">{{ lead }}</p>'
NEWS = '<p style="margin:0">{{ news }}</p>'


def ours(name: str) -> str:
    return (TEMPLATES_DIR / name).read_text()


def line_of(name: str, words: str) -> int:
    (number,) = [number for number, line in enumerate(ours(name).splitlines(), 1) if words in line]
    return number


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    text = ours(name)
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(BadTemplate) as refused:
        templates(overrides=folder)
    return str(refused.value)


def test_a_file_replaces_the_one_of_the_same_name_and_no_other(tmp_path: Path) -> None:
    mail = passcode_mail(locale="de")
    changed(tmp_path, "passcode.txt.j2", "{{ lead }}", "Hello from {{ brand }}.\n\n{{ lead }}")
    content = templates(overrides=tmp_path).passcode(mail)
    assert content.text.startswith("Hello from Gatepost.\n\nIhr Code")
    assert content.text.splitlines()[-1] == f"@gatepost.example #{CODE}"
    assert content.html == templates().passcode(mail).html


def test_a_replaced_head_is_included_by_every_mail(tmp_path: Path) -> None:
    changed(tmp_path, "head.mjml.j2", 'font-size="16px"', 'font-size="18px"')
    assert "font-size:18px" in templates(overrides=tmp_path).passcode(passcode_mail()).html


def test_a_template_may_ask_what_the_mail_is_about(tmp_path: Path) -> None:
    changed(
        tmp_path, "passcode.txt.j2", "{{ lead }}", '{% if purpose == "login" %}Welcome back.{% endif %}\n{{ lead }}'
    )
    assert templates(overrides=tmp_path).passcode(passcode_mail()).text.startswith("Welcome back.")


def test_what_a_container_platform_mounts_beside_them_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_24").mkdir()
    (tmp_path / "..data").symlink_to(tmp_path / "..2026_11_24")
    assert templates(overrides=tmp_path).languages == templates().languages


@pytest.mark.parametrize("name", ["passcode.mjml", "passcod.txt.j2", "README.md", "passcode.html.j2"])
def test_a_file_that_replaces_nothing_is_refused_rather_than_ignored(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert refusal(tmp_path).startswith(f"{name}: replaces no template; they are head.mjml.j2, notice.mjml.j2")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "passcode.txt.j2").write_bytes("Grüße".encode("latin-1"))
    assert refusal(tmp_path) == "passcode.txt.j2: is not UTF-8"


SYNTAX = [
    ("{% if lead %}", "Unexpected end of template"),
    ("{{ lead }", "unexpected '}'"),
    ("{{ lead|shout }}", "No filter named 'shout'"),
    ("{{ leed }}", "there is no “leed”; there are _, brand, brand_color, code,"),
    ("{{ code_mail.lead }}", "there is no “code_mail”"),
]
FORBIDDEN = [
    ('<a href="/login">x</a>', "<a> is not allowed"),
    ('<img alt="logo">', "<img> is not allowed"),
    ("<script>alert(1)</script>", "<script> is not allowed"),
    ("<iframe></iframe>", "<iframe> is not allowed"),
    ("<form></form>", "<form> is not allowed"),
    ('<p onclick="x()">x</p>', "onclick=… is not allowed"),
    ('<p background="x.png">x</p>', "background=… is not allowed"),
    ('<meta http-equiv="refresh">', "http-equiv=… is not allowed"),
    ('<p style="background:url(x.png)">x</p>', "“url(”: a mail links to nothing and fetches nothing"),
    ("Help: https://gatepost.example", "“://”: a mail links to nothing and fetches nothing"),
    ("<!--[if mso]><img src=x><![endif]-->", "<!--[if mso]><img src=x>…--> is not allowed"),
    ("<mj-button>x</mj-button>", "<mj-button> is not allowed"),
    ("<mj-txt>x</mj-txt>", "<mj-txt> is not allowed"),
    ("<b>x", "</p> closes nothing"),
    ("</div>", "</div> closes nothing"),
]


@pytest.mark.parametrize(("wrong", "why"), [*SYNTAX, *FORBIDDEN])
def test_what_is_wrong_in_markup_is_named_with_its_line(tmp_path: Path, wrong: str, why: str) -> None:
    name = "passcode.mjml.j2"
    where = f"{name}, line {line_of(name, LEAD)}: "
    told = refusal(changed(tmp_path, name, LEAD, f'<p style="margin:0">{wrong}</p>'))
    assert why in told
    assert told.startswith(where) or why.startswith("Unexpected end"), told  # Jinja names the last line for that


@pytest.mark.parametrize(("wrong", "why"), [*SYNTAX[1:], FORBIDDEN[9]])
def test_what_is_wrong_in_text_is_named_with_its_line(tmp_path: Path, wrong: str, why: str) -> None:
    name = "passcode.txt.j2"
    told = refusal(changed(tmp_path, name, "{{ warning }}", wrong))
    assert told.startswith(f"{name}, line {line_of(name, '{{ warning }}')}: ")
    assert why in told


@pytest.mark.parametrize("wrong", ["{{ 1 // 0 }}", "{{ minutes.missing.more }}", "{{ lead() }}"])
@pytest.mark.parametrize("name", ["passcode.txt.j2", "passcode.mjml.j2", "passcode.subject.txt.j2"])
def test_what_fails_only_when_it_is_used_is_found_by_trying(tmp_path: Path, name: str, wrong: str) -> None:
    first = "{{ subject }}" if "subject" in name else "{{ lead }}"
    told = refusal(changed(tmp_path, name, first, wrong))
    assert told.startswith(f"{name}, line {line_of(name, first)}: ")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            '<mj-include path="head.mjml.j2" />',
            '<mj-include path="header.mjml.j2" />',
            "line 3: not MJML: unable to load",
        ),
        ('<mj-include path="head.mjml.j2" />', '<mj-include path="/etc/passwd" />', "line 3: not MJML: unable to load"),
        ("  </mj-body>\n</mjml>", "  </mj-body>", "line 1: <mjml> is not closed"),
        ('<mjml lang="{{ lang }}" dir="{{ dir }}">', "<mjml>", "does not begin with <mjml lang="),
        ('<mjml lang="{{ lang }}" dir="{{ dir }}">', '<mjml lang="{{ lang }}" dir="ltr">', "does not begin with <mjml"),
    ],
)
def test_what_the_compiler_would_not_tell_is_told(tmp_path: Path, old: str, new: str, why: str) -> None:
    told = refusal(changed(tmp_path, "passcode.mjml.j2", old, new))
    assert told.startswith("passcode.mjml.j2")
    assert why in told


def test_what_is_no_mjml_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notice.mjml.j2").write_text("<p>{{ news }}</p>")
    assert refusal(tmp_path).startswith("notice.mjml.j2, line 1: not MJML: ")


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("passcode.txt.j2", "\n\n{{ code }}\n\n", "\n\n", "must have the code on a line of its own, once"),
        ("passcode.txt.j2", "{{ code }}\n\n{{ ngettext", "Code: {{ code }}\n\n{{ ngettext", "on a line of its own"),
        ("passcode.txt.j2", "@{{ domain }} #{{ code }}", "", "the last line must be “@{{ domain }} #{{ code }}”"),
        ("passcode.txt.j2", "@{{ domain }} #{{ code }}", "@evil.example #{{ code }}", "the last line must be"),
        ("passcode.txt.j2", "@{{ domain }} #{{ code }}", "@{{ domain }} #{{ code }}\nBye.", "the last line must be"),
        ("passcode.txt.j2", "{{ warning }}", "{{ warning }} {{ code }}", "the last line must be"),
        ("passcode.mjml.j2", "{{ code }}", "", "must show the code once, in one piece"),
        (
            "passcode.mjml.j2",
            "{{ code }}",
            "<span>{{ code }}</span>{{ code }}",
            "must show the code once, in one piece",
        ),
        ("passcode.subject.txt.j2", "{{ subject }}", "{{ code }}", "shows the code, where locked screens show it"),
        ("notice.subject.txt.j2", "{{ subject }}", " ", "is empty"),
    ],
)
def test_a_mail_that_would_not_do_its_work_is_refused(tmp_path: Path, name: str, old: str, new: str, why: str) -> None:
    told = refusal(changed(tmp_path, name, old, new))
    assert told.startswith(name)
    assert why in told


@pytest.mark.parametrize(
    "leak", ["{{ fact|safe }}", "{% autoescape false %}{{ fact }}{% endautoescape %}", "{{ _(fact) }}"]
)
def test_a_template_that_would_show_what_others_wrote_as_markup_is_refused(tmp_path: Path, leak: str) -> None:
    told = refusal(changed(tmp_path, "notice.mjml.j2", "{{ fact }}", leak))
    assert told == "notice.mjml.j2: <img> is not allowed"


@pytest.mark.parametrize("reach", ["{{ lead.__class__.__mro__ }}", "{{ ''.__class__.__base__.__subclasses__() }}"])
def test_a_template_reaches_no_further_than_its_values(tmp_path: Path, reach: str) -> None:
    assert "unsafe" in refusal(changed(tmp_path, "passcode.txt.j2", "{{ lead }}", reach))


def settings(**changes: Any) -> MailSettings:
    return MailSettings(brand="Gatepost", mail_domain="gatepost.example", **changes)


def test_the_start_ends_with_the_template_and_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(tmp_path, "passcode.txt.j2", "{{ lead }}", "{{ leed }}")
    with pytest.raises(SystemExit) as ended:
        read_templates(settings(mail_templates=tmp_path))
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("setting GATEPOST_MAIL_TEMPLATES: passcode.txt.j2, line 1: there is no “leed”")
    assert told.count("\n") == 1


def test_brand_color_and_support_come_from_the_settings() -> None:
    made = read_templates(settings(brand_color="#a1B2c3", support_address="help@gatepost.example"))
    content = made.passcode(passcode_mail())
    assert "solid #a1B2c3" in content.html
    assert "Support: help@gatepost.example" in content.text
    assert "Support: help@gatepost.example" in Reader(content.html).text
