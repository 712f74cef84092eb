"""Measures of the skeleton by site: width of the section that carries load, share of marrow blood flow."""

from osteocast.domain.site import Site, SiteClass
from osteocast.domain.table import read_table

__all__ = ["marrow_share", "section_width_mm", "section_widths_mm"]


def section_width_mm(where: Site) -> float:
    """Return the width of the load-bearing section at a site [mm], typical of an adult.

    The extent of a lesion is its diameter over this width. Source: ``data/sites.toml``.
    """
    return float(read_table("sites")["section_width"][where.kind]["value"])


def section_widths_mm() -> tuple[float, ...]:
    """Return the section widths [mm] of all mechanical classes, in the order of their codes."""
    return tuple(float(read_table("sites")["section_width"][member.label]["value"]) for member in SiteClass)


def marrow_share(site_class: SiteClass) -> float:
    """Return the share of the skeleton's active marrow in a class of sites [1], a proxy of its blood flow.

    The shares of all classes sum to 1. Source: ``data/sites.toml``.
    """
    shares = {label: float(entry["value"]) for label, entry in read_table("sites")["marrow_share"].items()}
    return shares[site_class.label] / sum(shares.values())
