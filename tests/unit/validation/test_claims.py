"""Every claim names tests that exist, and those that fail are marked so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from osteocast.domain.table import read_table
from osteocast.evidence.load import load_targets
from osteocast.validation.claims import Claim, claims

TESTS = Path(__file__).resolve().parents[2]


def function(test: str) -> ast.FunctionDef | None:
    file, name = test.split("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def is_marked(node: ast.FunctionDef) -> bool:
    return any("xfail" in ast.unparse(one) and "strict=True" in ast.unparse(one) for one in node.decorator_list)


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.id)
def test_named_tests_exist_and_are_what_is_said(claim: Claim) -> None:
    assert claim.shown or claim.failing or claim.missing
    for test in claim.shown:
        node = function(test)
        assert node is not None, test
        assert not is_marked(node), test
    for test, figure in claim.failing:
        node = function(test)
        assert node is not None, test
        assert is_marked(node), test
        assert figure


def test_every_claim_is_there_once() -> None:
    found = [claim.id for claim in claims()]
    assert found == sorted(set(found))
    assert {name[:2] for name in found} == {"D0", "D1", "D2", "D3"}


def test_every_test_of_a_claim_is_listed() -> None:
    listed = {test for claim in claims() for test in (*claim.shown, *(one for one, _ in claim.failing))}
    named = {
        f"{file.relative_to(TESTS).as_posix()}::{node.name}"
        for file in TESTS.rglob("test_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name[:7].startswith("test_d") and node.name[6:8].isdecimal()
    }
    assert named <= listed


def test_notes_are_about_targets_and_plans_say_why() -> None:
    assert set(read_table("validation/notes")) <= set(load_targets())
    assert all(entry["why"] for entry in read_table("validation/plan")["patients"].values())
