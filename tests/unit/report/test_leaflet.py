"""The page in plain language: what it must say, what it must not, and one file a language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.unit.report.reading_level import grade, syllables

import osteocast.formats.leaflet_file
import osteocast.report
from osteocast import cli
from osteocast.domain.table import read_table
from osteocast.evidence.load import DATA, load_sources
from osteocast.formats.leaflet_file import leaflet_languages, read_leaflet, statements_of
from osteocast.foundation.errors import InputError
from osteocast.report.leaflet_html import leaflet_html

VOID = {"meta", "br", "hr", "img", "input", "link"}
TEMPLATES = Path(osteocast.report.__file__).parent / "templates"
LETTERS = str.maketrans("aeiouyAEIOUYcns", "àéîöüÿÀÉÎÖÜŸçñš")


class Page(HTMLParser):
    """Reads a page as a browser would and keeps what is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.shown: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.shown.append(data)


@pytest.fixture(scope="module")
def words() -> dict[str, Any]:
    return read_leaflet("en")


@pytest.fixture(scope="module")
def html(words: dict[str, Any]) -> str:
    return leaflet_html(words)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    found = Page()
    found.feed(html)
    found.close()
    return found


def seen(page: Page) -> str:
    return " ".join(" ".join(page.shown).split())


def changed(node: Any, change: Callable[[str], str], path: str = "") -> Any:
    """Change every text of a file of words, but no head and no source."""
    if isinstance(node, Mapping):
        return {key: changed(value, change, f"{path}.{key}") for key, value in node.items()}
    fixed = isinstance(node, list) or path in (".language", ".direction", ".checked")
    return node if fixed else change(node)


def toml(node: Mapping[str, Any], path: str = "") -> str:
    """Write nested tables of texts and lists of texts as TOML."""
    plain = [(key, value) for key, value in node.items() if not isinstance(value, Mapping)]
    lines = [f"[{path}]"] if path else []
    lines += [f"{key} = {value if isinstance(value, list) else chr(34) + value + chr(34)}" for key, value in plain]
    nested = [toml(value, f"{path}.{key}".lstrip(".")) for key, value in node.items() if isinstance(value, Mapping)]
    return "\n".join([*lines, *nested])


def texts_of(node: Any) -> list[str]:
    """Return everything a reader reads, a statement with its beginning as one text."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, list):
        return []
    if "text" in node:
        return [f"{node.get('lead', '')} {node['text']}"]
    return [text for value in node.values() for text in texts_of(value)]


def test_d35_page_for_people_without_a_record(page: Page) -> None:
    order = [
        one for one in page.ids if one in ("now", "today", "soon", "write", "about", "what", "watch", "treat", "ask")
    ]
    assert order == ["now", "today", "soon", "write", "about", "what", "watch", "treat", "ask"]
    assert "general information and no diagnosis" in seen(page)
    assert "does not cure" in seen(page)


@pytest.mark.parametrize("sign", ["weakness", "numbness", "bladder", "calcium", "broken", "nerve_pain"])
def test_every_sign_to_call_at_once_stands_in_the_first_box(words: dict[str, Any], html: str, sign: str) -> None:
    box = html[html.index('id="now"') : html.index('id="today"')]
    assert f'data-statement="{sign}"' in box
    assert words["now"]["signs"][sign]["lead"] in box
    assert set(words["now"]["signs"]) == {"weakness", "numbness", "bladder", "calcium", "broken", "nerve_pain"}


@pytest.mark.parametrize(
    "said",
    [
        "bone metastases", "bone mets", "secondary bone cancer", "secondary cancer in the bone",
        "metastatic cancer in the bone", "primary bone cancer", "myeloma bone disease", "at night",
        "constipated", "thirsty", "tired", "weak", "confused", "when you use it", "dentist", "vitamin D",
        "bisphosphonates", "denosumab", "Radiation", "a rod", "depend on where the cancer began", "cough or sneeze",
    ],
)  # fmt: skip
def test_what_the_page_must_say(page: Page, said: str) -> None:
    assert said in seen(page)


def test_no_percentage_and_nothing_about_survival(page: Page) -> None:
    text = seen(page).lower()
    assert not re.findall(r"%|per ?cent|\d+ (?:in|of|out of) \d+", text)
    banned = (
        r"surviv|life expectancy|prognos|\bdie[sd]?\b|\bdying|\bdeath|mortal|fatal|live longer|terminal|end of life"
    )
    assert not re.findall(banned, text)


def test_emergency_words_hold_in_any_country(words: dict[str, Any]) -> None:
    text = " ".join(texts_of(words))
    assert not re.findall(r"\b(?:999|911|112|111|000|A&E|GP|ER|NHS|Medicare)\b", text)
    assert "local emergency number" in text


def test_nothing_personal_and_nothing_from_outside(html: str, page: Page) -> None:
    assert not [one for one in page.attributes if one[1] in ("src", "href", "action", "srcset", "data", "poster")]
    assert not re.findall(r"url\((?!#)|@import|<script|<form|<input|<link|@\w+\.\w+", html)
    assert "default-src 'none'" in html
    rendered_again = leaflet_html(read_leaflet("en"))
    assert rendered_again == html


def test_html_is_balanced_and_says_its_language(html: str, page: Page) -> None:
    assert html.startswith('<!DOCTYPE html>\n<html lang="en" dir="ltr">')
    assert page.open == []
    assert page.unbalanced == []
    assert len(page.ids) == len(set(page.ids))
    assert html.count("<h1>") == 1
    assert "viewport" in html
    assert "@page { size: A4" in html


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_colours_have_contrast_and_are_never_the_only_sign(html: str, words: dict[str, Any]) -> None:
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", html))
    assert set(colours) == {"ink", "quiet", "rule", "alarm"}
    for name, least in (("ink", 4.5), ("quiet", 4.5), ("alarm", 4.5), ("rule", 3.0)):
        assert 1.05 / (luminance(colours[name]) + 0.05) >= least, name
    # each level of haste has its own heading, its own number of marks and its own kind of frame
    headings = {words[level]["heading"] for level in ("now", "today", "soon")}
    assert len(headings) == 3
    assert re.findall(r'class="sign" aria-hidden="true">(!+)<', html) == ["!!!", "!!", "!"]
    assert re.search(r"\.now \{ border: 4px solid", html)
    assert re.search(r"\.today \{ border: 5px double", html)
    assert re.search(r"\.soon \{ border: 2px solid", html)


def test_every_statement_has_sources_and_all_are_shown_at_the_end(words: dict[str, Any], html: str) -> None:
    found = list(statements_of(words))
    assert len(found) >= 40
    sources = load_sources()
    end = html[html.index('id="references"') :].replace("&#39;", "'")
    for path, statement in found:
        assert statement["sources"], path
        for key in statement["sources"]:
            assert key in sources, (path, key)
            assert sources[key].title in end, (path, key)
    # what has no source is a heading, a label, a question or about the page itself
    for section in ("now", "today", "soon", "what", "watch", "treat"):
        bare = {key for key, value in words[section].items() if isinstance(value, str)}
        assert bare == {"heading"}


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("bone", 1), ("cancer", 2), ("spread", 1), ("calcium", 3), ("sneeze", 1), ("called", 1), ("treated", 2),
        ("people", 2), ("metastases", 4), ("denosumab", 4), ("bisphosphonates", 4), ("emergency", 4), ("bones", 1),
        ("myeloma", 4), ("radiation", 4), ("kidneys", 2), ("twitches", 2), ("vitamin", 3), ("numb", 1), ("able", 2),
        ("side", 1), ("constipated", 4), ("urine", 2), ("disease", 2), ("weekends", 2), ("bladder", 2), ("area", 3),
    ],
)  # fmt: skip
def test_syllables_of_everyday_words(word: str, count: int) -> None:
    assert syllables(word) == count


def test_the_grade_is_that_of_the_formula() -> None:
    assert grade(["The cat sat on the mat."]) == pytest.approx(0.39 * 6 + 11.8 - 15.59)


def test_the_page_can_be_read_at_grade_seven(words: dict[str, Any]) -> None:
    # Headings and labels are left out, and the bold beginning of a statement is no sentence of its own: both would
    # make the grade look lower than it is.
    read = {
        path: f"{statement.get('lead', '').rstrip('.')} {statement['text']}" for path, statement in statements_of(words)
    }
    about = [words["about"]["general"], words["about"]["review"]]
    everything = [*read.values(), *words["ask"]["questions"].values(), *about]
    assert grade(everything) <= 5
    for section in ("now", "today", "soon", "what", "watch", "treat"):
        assert grade([text for path, text in read.items() if path.startswith(f"{section}.")]) <= 7, section
    assert max(len(part.split()) for text in everything for part in re.split(r"[.!?]\s", text)) <= 25


def test_the_template_holds_no_words() -> None:
    text = (TEMPLATES / "leaflet.html").read_text(encoding="utf-8")
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    shown = Page()
    shown.feed(bare)
    assert not re.findall(r"[^\W\d_]+", " ".join(shown.shown).replace("!", ""))
    spoken = [one for one in shown.attributes if one[1] in ("title", "alt", "aria-label", "placeholder")]
    assert not spoken
    css = (TEMPLATES / "leaflet.css").read_text(encoding="utf-8")
    assert not re.findall(r'content: "[^"]*\w', css)


def test_another_language_is_only_another_file(words: dict[str, Any], tmp_path: Path, capsys: Any) -> None:
    pseudo = changed(deepcopy(words), lambda text: f"[{text.translate(LETTERS)} ~~~]") | {
        "language": "en-XA", "direction": "rtl",
    }  # fmt: skip
    file = tmp_path / "pseudo.toml"
    file.write_text(toml(pseudo), encoding="utf-8")
    assert tomllib.loads(file.read_text(encoding="utf-8")) == pseudo
    assert cli.run(["leaflet", "--language", str(file), "--out", str(tmp_path / "out")]) == 0
    written = (tmp_path / "out" / "leaflet-en-XA.html").read_text(encoding="utf-8")
    assert '<html lang="en-XA" dir="rtl">' in written
    found = Page()
    found.feed(written[: written.index('id="references"')])
    # nothing of the English text is left outside the brackets of the pseudo language
    outside = re.sub(r"\[[^\]]*~~~\]", "", seen(found))
    assert not re.findall(r"[^\W\d_]+", outside)
    assert "leaflet-en-XA.html" in capsys.readouterr().out


def test_built_in_languages_have_every_key_and_lie_in_one_folder() -> None:
    assert "en" in leaflet_languages()
    assert {f.stem for f in (DATA / "leaflet").glob("*.toml")} == set(leaflet_languages())
    for language in leaflet_languages():
        assert read_leaflet(language)["language"] == language


def test_every_problem_of_a_file_of_words_is_listed_at_once(words: dict[str, Any], tmp_path: Path) -> None:
    bad = deepcopy(words)
    del bad["treat"]["points"]["teeth"], bad["now"]["signs"]["weakness"]["lead"], bad["ask"]
    bad["today"]["heading"] = " "
    bad["soon"]["headin"] = "x"
    bad["what"]["points"]["names"]["sources"] = []
    bad["what"]["points"]["origin"]["sources"] = ["no-such-source"]
    bad |= {"direction": "up", "language": "English", "checked": "yesterday"}
    file = tmp_path / "bad.toml"
    file.write_text(toml(bad), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_leaflet(str(file))
    found = {(issue.code, issue.place.removeprefix("bad.toml: ")) for issue in caught.value.issues}
    questions = read_table("leaflet/en")["ask"]["questions"]
    assert found == {
        ("leaflet.key-missing", "treat.points.teeth"),
        ("leaflet.key-missing", "now.signs.weakness.lead"),
        ("leaflet.key-missing", "ask.heading"),
        *(("leaflet.key-missing", f"ask.questions.{name}") for name in questions),
        ("leaflet.text", "today.heading"),
        ("leaflet.key-unknown", "soon.headin"),
        ("leaflet.source", "what.points.names.sources"),
        ("leaflet.source", "what.points.origin.sources"),
        ("value.choice", "direction"),
        ("leaflet.language", "language"),
        ("value.date", "checked"),
    }


def test_an_unknown_language_is_told_with_those_there_are(capsys: Any) -> None:
    assert cli.run(["leaflet", "--language", "klingon"]) == 2
    told = capsys.readouterr().err
    assert "[leaflet.language]" in told
    assert "one of en" in told


def test_the_command_writes_one_page_and_says_where(tmp_path: Path, capsys: Any) -> None:
    assert cli.run(["leaflet", "--out", str(tmp_path / "page")]) == 0
    assert [f.name for f in (tmp_path / "page").iterdir()] == ["leaflet-en.html"]
    assert capsys.readouterr().out.strip() == f"written: {tmp_path / 'page' / 'leaflet-en.html'}"
    (tmp_path / "file").write_text("")
    assert cli.run(["leaflet", "--out", str(tmp_path / "file")]) == 1
    assert "storage.folder" in capsys.readouterr().err
