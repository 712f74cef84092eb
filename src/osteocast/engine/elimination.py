"""Static sparse elimination of ``W = c I - J - E G S``, printed as straight-line code.

The order is chosen once by Markowitz' rule on the diagonal; there is no pivoting at run time. The factor
function returns a bound on the pivots, so that the stepper can reject a step whose matrix is close to singular.
"""

from __future__ import annotations

from typing import NamedTuple

from osteocast.engine.emit import function_text

Place = tuple[int, int]


class Coupling(NamedTuple):
    """Names of the nonzero entries of E (rates by exports) and S (signals by states)."""

    by_export: dict[Place, str]
    of_signal: dict[Place, str]


class Elimination(NamedTuple):
    """Pivot order and pattern after fill: `places` gives each entry its index in the factor vector."""

    order: tuple[int, ...]
    places: dict[Place, int]


def eliminate(size: int, pattern: set[Place]) -> Elimination:
    """Choose the pivot order and find the fill."""
    rows: list[set[int]] = [{i} for i in range(size)]
    for i, j in pattern:
        rows[i].add(j)
    full = {(i, j) for i in range(size) for j in rows[i]}
    left, order = set(range(size)), []
    while left:

        def cost(k: int) -> tuple[int, int]:
            """Return the fill-in that a pivot makes, ties broken by its number."""
            below = sum(1 for i in left if k in rows[i]) - 1
            return (below * (len(rows[k] & left) - 1), k)

        pivot = min(left, key=cost)
        left.remove(pivot)
        order.append(pivot)
        right = rows[pivot] & left
        for i in left:
            if pivot in rows[i]:
                rows[i] |= right
                full |= {(i, j) for j in right}
    return Elimination(tuple(order), {place: n for n, place in enumerate(sorted(full))})


def factor_function(name: str, plan: Elimination, entries: dict[Place, str], coupling: Coupling | None) -> str:
    """Print ``name(j, g, c, lu)``: build W from the Jacobian values, factor it, return a bound on its pivots.

    The bound, one over the sum of the reciprocal pivots, is below the smallest pivot and NaN where one is NaN.
    Every name is assigned once (Doolittle's form), which numba compiles several times faster than updates.
    """
    lines: list[str] = []
    minus: dict[Place, list[str]] = {place: [f"j[{source}]"] for place, source in _indices(entries).items()}
    if coupling is not None:
        lines += _product_lines(coupling, minus)
    position = {k: n for n, k in enumerate(plan.order)}
    for row in plan.order:
        for column in sorted((j for i, j in plan.places if i == row), key=position.__getitem__):
            start = "c" if row == column else "0.0"
            terms = [
                f"a{row}_{k} * a{k}_{column}"
                for k in plan.order[: min(position[row], position[column])]
                if (row, k) in plan.places and (k, column) in plan.places
            ]
            value = " - ".join([start, *minus.get((row, column), []), *terms])
            below = position[column] < position[row]
            lines.append(f"a{row}_{column} = " + (f"({value}) * r{column}" if below else value))
        lines.append(f"r{row} = 1.0 / a{row}_{row}")
    lines += [f"lu[{n}] = " + (f"r{i}" if i == j else f"a{i}_{j}") for (i, j), n in plan.places.items()]
    lines.append(f"return 1.0 / ({' + '.join(f'abs(r{k})' for k in plan.order)})")
    return function_text(name, ("j", "g", "c", "lu"), lines)


def _indices(entries: dict[Place, str]) -> dict[Place, int]:
    return {place: int(name) for place, name in entries.items()}


def _product_lines(coupling: Coupling, minus: dict[Place, list[str]]) -> list[str]:
    """Print G S and E (G S); the products are added to the terms taken from each entry."""
    lines: list[str] = []
    exports = sorted({a for _, a in coupling.by_export})
    states = sorted({j for _, j in coupling.of_signal})
    for a in exports:
        for j in states:
            terms = [f"g[{a}, {b}] * j[{s}]" for (b, i), s in sorted(coupling.of_signal.items()) if i == j]
            lines.append(f"m{a}_{j} = {' + '.join(terms)}")
    for (i, a), e in sorted(coupling.by_export.items()):
        for j in states:
            minus.setdefault((i, j), []).append(f"j[{e}] * m{a}_{j}")
    return lines


def coupled_pattern(pattern: set[Place], coupling: Coupling | None) -> set[Place]:
    """Return the pattern of J + E G S."""
    if coupling is None:
        return pattern
    states = {j for _, j in coupling.of_signal}
    return pattern | {(i, j) for i, _ in coupling.by_export for j in states}


def solve_function(name: str, plan: Elimination) -> str:
    """Print ``name(lu, b)``: solve W x = b in place with the factors."""
    size = len(plan.order)
    lines = [f"sb{k} = b[{k}]" for k in range(size)]
    lines += _substitution(plan, set(range(size)), "s")
    lines += [f"b[{k}] = s{k}" for k in range(size)]
    return function_text(name, ("lu", "b"), lines)


def _substitution(plan: Elimination, present: set[int], mark: str) -> list[str]:
    """Print forward and backward substitution for a right side that is nonzero in `present` only.

    Right side and solution are named by `mark` (and b) and the row; solved rows are added to `present`.
    """
    lines: list[str] = []
    held = set(present)
    for n, k in enumerate(plan.order):
        before = [j for j in plan.order[:n] if (k, j) in plan.places and j in held]
        terms = [f" - lu[{plan.places[k, j]}] * {mark}f{j}" for j in before]
        if k in present or terms:
            held.add(k)
            lines.append(f"{mark}f{k} = {f'{mark}b{k}' if k in present else '0.0'}{''.join(terms)}")
    solved: list[int] = []
    for k in reversed(plan.order):
        terms = [f" - lu[{plan.places[k, j]}] * {mark}{j}" for j in solved if (k, j) in plan.places]
        if k in held or terms:
            solved.append(k)
            start = f"{mark}f{k}" if k in held else "0.0"
            lines.append(f"{mark}{k} = ({start}{''.join(terms)}) * lu[{plan.places[k, k]}]")
    present |= set(solved)
    return lines


class LesionCoupling(NamedTuple):
    """Indices into the Jacobian vector of a lesion of d rates/d s, d exports/d x and d exports/d s."""

    by_signal: dict[Place, str]
    of_state: dict[Place, str]
    direct: dict[Place, str]


def couple_function(name: str, plan: Elimination, coupling: LesionCoupling) -> str:
    """Print ``name(j, lu, y, g)`` of one lesion.

    Y = W^-1 (d rates / d s) and G += d exports / d s + (d exports / d x) Y.
    """
    lines: list[str] = []
    terms: dict[Place, list[str]] = {place: [f"j[{s}]"] for place, s in coupling.direct.items()}
    for b in sorted({b for _, b in coupling.by_signal}):
        column = {i: s for (i, signal), s in coupling.by_signal.items() if signal == b}
        lines += [f"s{b}_b{i} = j[{s}]" for i, s in sorted(column.items())]
        present = set(column)
        lines += _substitution(plan, present, f"s{b}_")
        lines += [f"y[{i}, {b}] = s{b}_{i}" for i in sorted(present)]
        for (a, i), s in sorted(coupling.of_state.items()):
            if i in present:
                terms.setdefault((a, b), []).append(f"j[{s}] * s{b}_{i}")
        lines += _accumulate(terms, b)
    for b in sorted({b for _, b in coupling.direct} - {b for _, b in coupling.by_signal}):
        lines += _accumulate(terms, b)
    return function_text(name, ("j", "lu", "y", "g"), lines)


def _accumulate(terms: dict[Place, list[str]], signal: int) -> list[str]:
    return [f"g[{a}, {b}] += {' + '.join(t)}" for (a, b), t in sorted(terms.items()) if b == signal]
