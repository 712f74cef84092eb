"""A script in a name, display or word of a language does nothing in a browser, on every page that is written."""

from __future__ import annotations

import copy
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.assessment.cases import hypercalcaemic, symptom

from osteocast import cli
from osteocast.formats.leaflet_file import read_leaflet
from osteocast.report.html import report_html
from osteocast.report.leaflet_html import leaflet_html

ACT = "document.title='ran';document.documentElement.setAttribute('data-ran','1')"
BAD = f'"\'></td></style></title></script><script>{ACT}</script><img src=x onerror="{ACT}"><svg onload="{ACT}">'

Load = Callable[[Path], str]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Return the page as a headless browser has it after its scripts have run."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")
    home = tmp_path_factory.mktemp("browser")

    def loaded(page: Path) -> str:
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={home}"]
        done = subprocess.run([browser, *words, "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
                              capture_output=True, text=True, check=False, timeout=240)  # fmt: skip
        if "<html" not in done.stdout:
            pytest.skip(f"Chromium does not start here: {done.stderr[-200:]}")
        return done.stdout

    return loaded


def inert(page: Path, load: Load) -> None:
    title = page.read_text(encoding="utf-8").partition("<title>")[2].partition("</title>")[0]
    shown = load(page)
    assert not re.search(r"<html[^>]*data-ran", shown)
    assert html.unescape(shown.partition("<title>")[2].partition("</title>")[0]) == html.unescape(title)
    assert "<title>ran" not in shown


def hostile(words: Any) -> Any:
    """Return words of a language in which every statement and heading ends with markup that acts."""
    if isinstance(words, dict):
        return {key: hostile(value) if key != "sources" else value for key, value in words.items()}
    if isinstance(words, list):
        return [hostile(one) for one in words]
    return f"{words} {BAD}" if isinstance(words, str) and " " in words else words


def test_the_browser_would_run_a_script(tmp_path: Path, load: Load) -> None:
    page = tmp_path / "acts.html"
    page.write_text(
        f"<!doctype html><html><head><title>quiet</title></head><body>{BAD}</body></html>", encoding="utf-8"
    )
    shown = load(page)
    assert "<title>ran</title>" in shown
    assert re.search(r"<html[^>]*data-ran", shown)


def test_the_leaflet(tmp_path: Path, load: Load) -> None:
    page = tmp_path / "leaflet.html"
    page.write_text(leaflet_html(hostile(copy.deepcopy(read_leaflet("en")))), encoding="utf-8")
    inert(page, load)


def test_the_forecast(tmp_path: Path, load: Load, result: dict[str, Any]) -> None:
    document = json.loads(json.dumps(result).replace("alert(2)", ACT).replace('alert(\\"1\\")', ACT))
    assert ACT in json.dumps(document)
    page = tmp_path / "report.html"
    page.write_text(report_html(document), encoding="utf-8")
    inert(page, load)


def test_every_page_of_an_assessment(tmp_path: Path, load: Load) -> None:
    document = hypercalcaemic()
    for entry in document["entry"]:
        one = entry["resource"]
        if one["resourceType"] == "Patient":
            one |= {"id": BAD, "name": [{"text": BAD}], "identifier": [{"value": BAD}]}
        for site in one.get("bodySite", []):
            site["text"] = BAD
    document["entry"].append({"resource": symptom(BAD)})
    record, out = tmp_path / f"{BAD.replace('/', '')[:100]}.json", tmp_path / "out"
    record.write_text(json.dumps(document), encoding="utf-8")
    assert cli.run(["assess", str(record), "--out", str(out), "--today", "2026-03-02"]) == 0
    pages = sorted(out.glob("*.html"))
    if not pages:
        pytest.skip("an assessment writes no page")
    for page in pages:
        inert(page, load)
