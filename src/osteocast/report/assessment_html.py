"""The clinician's page of an assessment as one HTML file: no script, no network, one printed page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import escape

from osteocast.report.assessment_fit import FOLDS, fold_of
from osteocast.report.assessment_summary import assessment_summary
from osteocast.report.assessment_view import assessment_view
from osteocast.report.page import environment
from osteocast.report.skeleton import legend_marker, skeleton

__all__ = ["assessment_html"]


def assessment_html(result: Mapping[str, Any]) -> str:
    """Return the page as text; the same result gives the same bytes.

    Parameters
    ----------
    result : mapping
        As described by ``data/schema/assessment.schema.json``.
    """
    lesions = result["lesions"]
    kinds = list(dict.fromkeys(one["kind"] for one in lesions))
    view = {
        **assessment_view(result),
        "result": result,
        "skeleton": skeleton(lesions) if lesions else "",
        "markers": [(legend_marker(kind), kind or "kind unknown") for kind in kinds],
        # escaped here: as text it would lose its lines
        "paste": escape(assessment_summary(result)),
    }
    step = fold_of(view, result)
    view["folds"] = " ".join(f"fold-{number}" for number in range(1, step + 1))
    view["folded"] = [fold.left_out for fold in FOLDS[1 : step + 1]]
    return environment().get_template("assessment.html").render(view) + "\n"
