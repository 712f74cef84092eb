"""Tables of subjects in the shape of CDISC ADaM: names, labels, what they say, the same bytes."""

import dataclasses
import io
import re
import shutil
import subprocess

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.trials.small import raw_trial, small_trial

from osteocast.report.parquet import parquet_bytes
from osteocast.trials.adam import adam_tables, codes_of, study_day
from osteocast.trials.laboratory import measured
from osteocast.trials.run import TrialSettings
from osteocast.trials.simulate_trial import simulate_trial


@pytest.fixture(scope="module")
def result():
    raw = raw_trial()
    raw["populations"][0]["female"]["value"] = 80
    # without a drug many have events
    raw["arms"][1]["regimen"] = "supportive-care"
    return simulate_trial(small_trial(populations=raw["populations"], arms=raw["arms"]), TrialSettings(60))


@pytest.fixture(scope="module")
def tables(result):
    return {one.name: one for one in adam_tables(result)}


@pytest.fixture(scope="module")
def read(tables):
    return {name: pq.read_table(io.BytesIO(parquet_bytes(one))).to_pydict() for name, one in tables.items()}


def test_names_labels_and_lengths(tables):
    assert list(tables) == ["ADSL", "ADTTE", "ADCE", "ADAE", "ADLB"]
    for table in tables.values():
        assert len({len(one.values) for one in table.columns}) == 1
        for one in table.columns:
            assert re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", one.name)
            assert 0 < len(one.label) <= 40, one.label
            assert not re.search(r"DT$", one.name), "days, not dates"


def test_bytes_are_the_same_and_labels_are_kept(result, tables):
    for table in tables.values():
        raw = parquet_bytes(table)
        again = next(one for one in adam_tables(result) if one.name == table.name)
        assert parquet_bytes(again) == raw
        schema = pq.read_table(io.BytesIO(raw)).schema
        assert schema.metadata[b"label"].decode() == table.label
        assert [schema.field(one.name).metadata[b"label"].decode() for one in table.columns] == [
            one.label for one in table.columns
        ]


def test_a_row_for_every_subject(read, result):
    adsl, subjects = read["ADSL"], result.subjects
    assert len(set(adsl["USUBJID"])) == subjects.n == 60
    assert adsl["SEX"].count("F") == 48
    assert sorted(set(adsl["ARMCD"])) == ["q12w", "q4w"]
    for i in range(subjects.n):
        end, death = adsl["EOSDY"][i], adsl["DTHDY"][i]
        assert int(adsl["EOSTIME"][i]) + 1 == end
        assert (adsl["DTHFL"][i] == "Y") == (death is not None)
        gone, dead = subjects.drop_out_day[i] < subjects.closed_day[i], death is not None and death <= end
        assert adsl["DCSREAS"][i] == ("DEATH" if dead else "WITHDRAWAL BY SUBJECT" if gone else "")
        assert (adsl["EOSSTT"][i] == "COMPLETED") == (adsl["DCSREAS"][i] == "")


def test_times_to_events_agree_with_the_endpoints_and_the_events(read, result):
    tte = read["ADTTE"]
    rows = [i for i, code in enumerate(tte["PARAMCD"]) if code == "TTSRE"]
    assert len(rows) == 60
    events = {one: [] for one in tte["USUBJID"]}
    for name, day, term in zip(read["ADCE"]["USUBJID"], read["ADCE"]["AVAL"], read["ADCE"]["CETERM"], strict=True):
        events[name].append((day, term))
    for i in rows:
        own = sorted(events[tte["USUBJID"][i]])
        assert (tte["CNSR"][i] == 0) == bool(own)
        if own:
            assert tte["AVAL"][i] == own[0][0]
            assert tte["EVNTDESC"][i] in {term for day, term in own if day == own[0][0]}
        else:
            assert tte["EVNTDESC"][i] in ("Death", "Withdrawal", "End of study")
    assert sum(tte["CNSR"][i] == 0 for i in rows) == result.contrasts["first-event-ratio"].events > 0
    assert len(read["ADCE"]["ASTDY"]) == result.contrasts["all-events-ratio"].events
    deaths = {code: [i for i, one in enumerate(tte["PARAMCD"]) if one == code] for code in ("OS", "OSTRIAL")}
    died = {code: sum(tte["CNSR"][i] == 0 for i in rows) for code, rows in deaths.items()}
    assert died["OS"] >= died["OSTRIAL"] == result.contrasts["death-ratio"].events


def test_variables_that_analysis_programs_ask_for(read, tables):
    """Required variables but for site and race, which are not simulated; each repeated variable has one label."""
    asked = {
        "ADSL": "STUDYID USUBJID SUBJID AGE AGEU SEX ARM TRT01P ITTFL EOSSTT DCSREAS DTHFL",
        "ADTTE": "STUDYID USUBJID TRTP PARAMCD PARAM AVAL CNSR EVNTDESC SRCDOM SRCVAR",
        "ADCE": "STUDYID USUBJID TRTP PARAMCD CETERM ASTDY AVAL",
        "ADAE": "STUDYID USUBJID AESEQ TRTP AETERM AEDECOD TRTEMFL ASTDY ATOXGR",
        "ADLB": "STUDYID USUBJID TRTP PARAMCD PARAM AVAL BASE PCHG ABLFL AVISIT AVISITN ADY",
    }
    for name, columns in asked.items():
        assert set(columns.split()) <= set(read[name])
    planned = dict(zip(read["ADSL"]["USUBJID"], read["ADSL"]["TRT01P"], strict=True))
    labels = {}
    for name, table in tables.items():
        for column in table.columns:
            if column.name != "AVAL":
                assert labels.setdefault(column.name, (column.label, column.kind)) == (column.label, column.kind)
        if name != "ADSL":
            assert [planned[one] for one in read[name]["USUBJID"]] == read[name]["TRTP"]
    for name in ("ADTTE", "ADLB"):
        pairs = set(zip(read[name]["PARAMCD"], read[name]["PARAM"], strict=True))
        assert len(pairs) == len({code for code, _ in pairs}) == len({words for _, words in pairs})


def test_there_is_no_day_zero_and_times_are_kept_beside(read, result):
    """Study days are whole, entry is day 1; time that has passed keeps its fraction."""
    days = {"ADSL": ("EOSDY", "DTHDY"), "ADCE": ("ASTDY",), "ADAE": ("ASTDY",), "ADLB": ("ADY",)}
    for name, columns in days.items():
        for column in columns:
            known = [day for day in read[name][column] if day is not None]
            assert known
            assert all(isinstance(day, int) and day >= 1 for day in known)
    assert read["ADLB"]["ADY"][0] == 1
    for day, time in zip(read["ADCE"]["ASTDY"], read["ADCE"]["AVAL"], strict=True):
        assert day - 1 <= time < day
    assert study_day([0.0, 0.99, 1.0, np.nan]) == [1, 1, 2, None]


def test_every_time_can_be_traced(read):
    """Where a time comes from is in another table; a death is told from other ends also where it is censored."""
    adsl = {one: i for i, one in enumerate(read["ADSL"]["USUBJID"])}
    tte = read["ADTTE"]
    for i, name in enumerate(tte["USUBJID"]):
        why, table, variable = tte["EVNTDESC"][i], tte["SRCDOM"][i], tte["SRCVAR"][i]
        if tte["PARAMCD"][i] not in ("OS", "OSTRIAL"):
            assert (tte["CNSR"][i] == 2) == (why == "Death")
            assert (table == "ADCE") == (tte["CNSR"][i] == 0)
        if table == "ADSL":
            assert int(tte["AVAL"][i]) + 1 == read["ADSL"][variable][adsl[name]]
    assert {2} <= set(tte["CNSR"])


def test_laboratory_values_are_those_the_endpoints_use(read, result):
    lab = read["ADLB"]
    values = measured(result.subjects, "untx_ratio", result.settings.seed)
    index = {name: i for i, name in enumerate(read["ADSL"]["USUBJID"])}
    for i in range(0, len(lab["AVAL"]), 7):
        if lab["PARAMCD"][i] == "UNTX":
            assert lab["AVAL"][i] == values[index[lab["USUBJID"][i]], lab["AVISITN"][i]]
        assert lab["ADY"][i] <= read["ADSL"]["EOSDY"][index[lab["USUBJID"][i]]]
        assert lab["PCHG"][i] == pytest.approx(100 * (lab["AVAL"][i] / lab["BASE"][i] - 1))
        assert (lab["ABLFL"][i] == "Y") == (lab["AVISITN"][i] == 0)
    assert lab["ABLFL"].count("Y") == 4 * 60


def test_low_calcium_is_found_by_laboratory_value(result):
    subjects = result.subjects
    series = subjects.series.copy()
    series[0, :, 0] = 2.4
    series[0, [2, 3, 5], 0] = [1.86, 1.2, 1.86]
    lower = dataclasses.replace(
        subjects, series=series, death_day=np.full(60, np.nan), drop_out_day=np.full(60, np.inf)
    )
    changed = dataclasses.replace(result, subjects=lower)
    adae = {one.name: one.values for one in adam_tables(changed)[3].columns}
    name = adam_tables(changed)[0].columns[1].values[0]
    own = [i for i, one in enumerate(adae["USUBJID"]) if one == name and adae["AESRC"][i] == "LABORATORY"]
    assert [(adae["ATOXGR"][i], round(adae["ASTDY"][i] / 30.4375)) for i in own] == [("3", 2), ("2", 5)]


def test_codes_of_definitions_differ():
    codes = codes_of(dict.fromkeys(["sre", "skeletal-event-a", "skeletal-event-b", "ß"]))
    assert codes["sre"] == "TTSRE"
    assert len(set(codes.values())) == 4
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{1,7}", code) for code in codes.values())


def test_the_same_people_in_every_arm_have_a_name_in_each():
    twice = simulate_trial(small_trial(), TrialSettings(8, design="counterfactual"))
    adsl = {one.name: one.values for one in adam_tables(twice)[0].columns}
    assert len(set(adsl["USUBJID"])) == 16
    assert len(set(adsl["SUBJID"])) == 8


def test_files_hold_plain_types_that_other_readers_know(tables):
    """Strings, doubles and whole numbers in one row group, nothing nested, missing values as nulls and never as nan."""
    physical = {"text": ("BYTE_ARRAY", "String"), "number": ("DOUBLE", "None"), "whole": ("INT64", "None")}
    for table in tables.values():
        file = pq.ParquetFile(io.BytesIO(parquet_bytes(table)))
        assert file.metadata.num_row_groups == 1
        for number, column in enumerate(table.columns):
            stored = file.schema.column(number)
            assert (stored.name, stored.path, stored.max_repetition_level) == (column.name, column.name, 0)
            assert (stored.physical_type, str(stored.logical_type)) == physical[column.kind], column.name
            if column.kind == "number":
                values = file.read([column.name]).column(0).drop_null().to_numpy()
                assert np.isfinite(values.astype(float)).all(), column.name


def test_r_reads_the_tables(tables, tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    check = 'quit(status = if (requireNamespace("arrow", quietly = TRUE)) 0 else 1)'
    if subprocess.run(["Rscript", "-e", check], check=False).returncode:
        pytest.skip("R has no package arrow")
    (tmp_path / "adsl.parquet").write_bytes(parquet_bytes(tables["ADSL"]))
    code = f'stopifnot(nrow(arrow::read_parquet("{tmp_path / "adsl.parquet"}")) == 60)'
    subprocess.run(["Rscript", "-e", code], check=True)


def test_measured_values_are_those_of_the_replicate_that_is_shown(result, read):
    """Endpoints of replicate r are read with errors of seed + r; so are the tables when r is the one that is shown."""
    later = next(one for one in adam_tables(dataclasses.replace(result, shown=1)) if one.name == "ADLB")
    values = next(one.values for one in later.columns if one.name == "AVAL")
    own = measured(result.subjects, "calcium_mmol_per_l", result.settings.seed + 1)
    assert values[0] == own[0, 0]
    assert values[0] != read["ADLB"]["AVAL"][0]
