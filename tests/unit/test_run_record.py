"""The run record says what made a result."""

import json

from osteocast.foundation.run_record import new_run_record


def test_the_record_names_versions_inputs_and_seed() -> None:
    record = new_run_record(("osteocast", "forecast", "p.toml"), 7, {"folder/p.toml": b"age = 1"}, "e" * 64, 2)
    written = json.loads(record.to_json())
    assert written["seed"] == 7
    assert written["command"] == ["osteocast", "forecast", "p.toml"]
    assert len(written["inputs_sha256"]["p.toml"]) == 64
    assert {"numpy", "numba", "scipy"} <= set(written["packages"])
    assert written["started"].endswith("+00:00")


def test_two_records_of_the_same_run_are_equal_although_the_clock_moved() -> None:
    first = new_run_record(("x",), 1, {}, "e")
    assert first == new_run_record(("x",), 1, {}, "e")
    assert first != new_run_record(("x",), 2, {}, "e")
