"""Published JSON Schemas: those of the code, and true of the examples."""

import datetime as dt
import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from osteocast.formats.schema import schema_text, schemas

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "osteocast" / "data"
FILES = [
    *((path, "patient") for path in sorted((ROOT / "examples" / "patients").glob("*.toml"))),
    (FOLDER / "templates" / "patient.toml", "patient"),
    *((path, "instrument") for path in sorted((FOLDER / "instruments").glob("*.toml"))),
    *((path, "regimen") for path in sorted((ROOT / "examples" / "regimens").glob("*.toml"))),
    *((path, "regimen") for path in sorted((FOLDER / "regimens").glob("*.toml"))),
    *((path, "trial") for path in sorted((FOLDER / "trials").glob("*.toml"))),
    *((path, "trial") for path in sorted((ROOT / "examples" / "trials").glob("*.toml"))),
]


def as_json(path):
    return json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=dt.date.isoformat))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_published_schema_is_the_one_of_the_code(name):
    # A change is published by osteocast.formats.schema.write_schemas("src/osteocast/data/schema").
    assert (FOLDER / "schema" / name).read_text(encoding="utf-8") == schema_text(schemas()[name])


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda one: getattr(one, "stem", one))
def test_examples_meet_the_schema(path, kind):
    schema = schemas()[f"{kind}.schema.json"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(as_json(path))


def test_schema_refuses_what_the_reader_refuses():
    validator = jsonschema.Draft202012Validator(schemas()["patient.schema.json"])
    least = {"age_years": 64, "sex": "female", "primary": {"origin": "breast"}}
    assert validator.is_valid(least)
    for wrong in (
        {"sex": "woman"},
        {"age_years": 300},
        {"weight": 70},
        {"lesions": [{"site": "T13"}]},
        {"lesions": [{"site": "T8", "sise": "3 cm"}]},
        {"observations": [{"quantity": "iron", "value": "2 mmol/L", "date": "2026-01-01"}]},
        {"observations": [{"quantity": "calcium", "value": 2.4, "date": "2026-01-01"}]},
    ):
        assert not validator.is_valid({**least, **wrong})
