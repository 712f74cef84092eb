"""The tables of docs/density-laws.md are those of the data, and the example of docs/ct-input.md runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from osteocast.domain.table import read_table
from osteocast.structure.calibration import apply, from_line
from osteocast.structure.ct_read import read_ct
from osteocast.structure.label_checks import check_bone
from osteocast.structure.labels import label_tables, read_labels
from osteocast.structure.laws import law, law_names, map_law, step
from osteocast.structure.volume import UNITS

ROOT = Path(__file__).resolve().parents[3]


def law_rows() -> list[str]:
    """Return the rows of the table of laws."""
    laws = [law(name) for name in law_names()]
    return [
        f"| `{x.name}` | {x.about} | {x.formula()} | {x.density} | {x.source} | {x.status}: {x.where} |" for x in laws
    ]


def step_rows() -> list[str]:
    """Return the rows of the table of steps."""
    steps = [step(name) for name in read_table("density_laws")["steps"]]
    return [
        f"| `{x.name}` | {x.end} = {x.slope:.4g} {x.start} {x.intercept:+.4g} | {'yes' if x.default else 'no'} "
        f"| {x.source} | {x.status}: {x.where} |"
        for x in steps
    ]


@pytest.mark.parametrize("row", [*law_rows(), *step_rows()])
def test_every_law_and_step_stands_in_the_document(row: str) -> None:
    assert row in (ROOT / "docs" / "density-laws.md").read_text(encoding="utf-8").splitlines()


def test_units_and_tables_stand_in_the_document() -> None:
    text = (ROOT / "docs" / "ct-input.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*UNITS, *label_tables()))


def test_the_example_runs() -> None:
    text = (ROOT / "docs" / "ct-input.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    code = block.replace('"examples/', f'"{ROOT.as_posix()}/examples/')
    found: dict[str, object] = {}
    exec(compile(code, "ct-input.md", "exec"), found)
    assert found["modulus"].values.max() > 1000.0  # type: ignore[attr-defined]


def test_the_example_ct() -> None:
    folder = ROOT / "examples" / "ct"
    scan = read_ct(folder / "t12.nii.gz", "HU")
    labels = read_labels(folder / "t12_labels.nii.gz", scan.volume, "totalsegmentator-v2")
    mask = labels.mask_of("T12")
    assert (scan.volume.shape_zyx, int(mask.sum())) == ((37, 46, 49), 9_617)
    assert scan.volume.values[mask].mean() == pytest.approx(259.52, abs=0.01)
    bone = check_bone(scan.volume, mask, "T12")
    assert [w.code for w in bone.warnings] == ["label.border"]
    density = apply(scan.volume, from_line(0.7957, -14.79, "mgK2HPO4/cm3"))
    assert 100.0 < map_law(density, bone.mask, "kopperdahl-vertebra").values[mask].mean() < 1500.0
    assert "Apache License" in (folder / "LICENSE-Apache-2.0.txt").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 200_000
