"""Static sparse elimination of ``W = c I - J - E G S``, printed as straight-line code.

The order is chosen once by Markowitz' rule on the diagonal; there is no pivoting at run time. The factor
function returns the smallest pivot, so that the stepper can reject a step whose matrix is close to singular.
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
    """Print ``name(j, g, c, lu) -> smallest pivot``: build W from the Jacobian values and factor it."""
    lines: list[str] = []
    minus: dict[Place, list[str]] = {place: [f"j[{source}]"] for place, source in _indices(entries).items()}
    if coupling is not None:
        lines += _product_lines(coupling, minus)
    held = {place: f"a{n}" for place, n in plan.places.items()}
    for place, a in held.items():
        start = "c" if place[0] == place[1] else "0.0"
        lines.append(f"{a} = {' - '.join([start, *minus.get(place, [])])}")
    for step, k in enumerate(plan.order):
        later = set(plan.order[step + 1 :])
        lines.append(f"r{k} = 1.0 / {held[k, k]}")
        for i in sorted(later):
            if (i, k) not in held:
                continue
            lines.append(f"{held[i, k]} = {held[i, k]} * r{k}")
            for j in sorted(later):
                if (k, j) in held:
                    lines.append(f"{held[i, j]} = {held[i, j]} - {held[i, k]} * {held[k, j]}")
    pivots = [f"abs({held[k, k]})" for k in plan.order]
    lines.append(f"smallest = {pivots[0]}")
    # written so that a NaN pivot makes the result NaN and fails every comparison
    lines += [f"smallest = smallest if {p} > smallest else {p}" for p in pivots[1:]]
    lines += [f"lu[{n}] = {'r' + str(i) if i == j else held[i, j]}" for (i, j), n in plan.places.items()]
    return function_text(name, ("j", "g", "c", "lu"), [*lines, "return smallest"])


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
    lines = [f"b{k} = b[{k}]" for k in range(size)]
    lines += _substitution(plan, set(range(size)))
    lines += [f"b[{k}] = b{k}" for k in range(size)]
    return function_text(name, ("lu", "b"), lines)


def _substitution(plan: Elimination, present: set[int]) -> list[str]:
    """Print forward and backward substitution on b0.. for a right side that is nonzero in `present` only."""
    lines: list[str] = []
    position = {k: n for n, k in enumerate(plan.order)}
    held = set(present)
    for k in plan.order:
        if k not in held:
            continue
        for i, j in sorted(plan.places):
            if j == k and position[i] > position[k]:
                start = f"b{i}" if i in held else "0.0"
                lines.append(f"b{i} = {start} - lu[{plan.places[i, k]}] * b{k}")
                held.add(i)
    for k in reversed(plan.order):
        terms = [
            f" - lu[{plan.places[k, j]}] * b{j}"
            for j in sorted(held)
            if position[j] > position[k] and (k, j) in plan.places
        ]
        if k in held or terms:
            start = f"b{k}" if k in held else "0.0"
            lines.append(f"b{k} = ({start}{''.join(terms)}) * lu[{plan.places[k, k]}]")
            held.add(k)
    present |= held
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
        lines += [f"b{i} = j[{s}]" for i, s in sorted(column.items())]
        present = set(column)
        lines += _substitution(plan, present)
        lines += [f"y[{i}, {b}] = b{i}" for i in sorted(present)]
        for (a, i), s in sorted(coupling.of_state.items()):
            if i in present:
                terms.setdefault((a, b), []).append(f"j[{s}] * b{i}")
        lines += _accumulate(terms, b)
    for b in sorted({b for _, b in coupling.direct} - {b for _, b in coupling.by_signal}):
        lines += _accumulate(terms, b)
    return function_text(name, ("j", "lu", "y", "g"), lines)


def _accumulate(terms: dict[Place, list[str]], signal: int) -> list[str]:
    return [f"g[{a}, {b}] += {' + '.join(t)}" for (a, b), t in sorted(terms.items()) if b == signal]
