"""A real DICOM series from folder to page (needs the reference material beside the project)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from osteocast import cli

BOX = "--box=-42,38,-130,-40,-805,-777"


@pytest.mark.slow
def test_a_dicom_series_from_folder_to_page(shared_dir: Path, tmp_path: Path) -> None:
    series = shared_dir / "reference" / "ct" / "totalsegmentator" / "dicom_T12L1"
    if not series.is_dir():
        pytest.skip("no DICOM series beside the project")
    bone = [BOX, "--threshold", "100", "--site", "vertebra", "--calibration", "fixed", "--body-weight", "75"]
    assert cli.run(["strength", str(series), *bone, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["ct"]["kind"] == "DICOM"
    warned = {one["code"] for one in found["warnings"]}
    assert {"ct.contrast", "calibration.fixed", "label.border", "law.recalled"} <= warned
    assert 500.0 < found["strength"]["failure_load_n"] < 12_000.0
    page = (tmp_path / "report.html").read_text()
    assert len(re.findall(r'<img src="data:image/png', page)) == 5
    assert "dicom_T12L1" not in page + json.dumps(found)
