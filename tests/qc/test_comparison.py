from .comparison import compare


def test_equal_functions_have_no_differences():
    assert compare(dict, dict, [{"a": 1.0, "b": 0.0}]) == {}


def test_a_difference_a_missing_name_and_a_nan_are_found():
    found = compare(
        lambda s: {"a": s["a"], "b": 1.0, "c": float("nan")},
        lambda s: {"a": s["a"] * (1 + 1e-6), "c": 1.0},
        [{"a": 1.0}, {"a": 2.0}],
    )
    assert set(found) == {"a", "b", "c"}
    assert 0.9e-6 < found["a"][0] < 1.1e-6
    assert found["b"][0] == found["c"][0] == float("inf")


def test_a_difference_below_the_size_of_the_fluxes_is_rounding():
    def left(_):
        return {"a": 1e-12}

    def right(_):
        return {"a": 2e-12}

    assert "a" in compare(left, right, [{}])
    assert compare(left, right, [{}], scale={"a": 1.0}) == {}
