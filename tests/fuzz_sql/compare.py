"""Rows against rows, by value."""

import collections
import math

TOLERANCE = 1e-9
# An integer of more digits than a double holds is not to come back as one.
EXACT_DIGITS = 15


def same_cell(a, b) -> bool:
    if isinstance(a, float) and isinstance(b, str) and len(b) > EXACT_DIGITS and "." not in b:
        return math.isfinite(a) and f"{a:.0f}" == b
    if isinstance(a, float) or isinstance(b, float):
        try:
            a, b = float(a), float(b)
        except (TypeError, ValueError):
            return False
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= TOLERANCE * max(abs(a), abs(b)))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_cell, a, b))
    return a == b


def same_row(a, b) -> bool:
    return len(a) == len(b) and all(map(same_cell, a, b))


def key(cell):
    """Equal cells of two engines are near each other in this order."""
    if isinstance(cell, list):
        return "[" + ",".join(map(key, cell)) + "]"
    if cell is None:
        return ""
    try:
        number = float(cell)
        return "nan" if math.isnan(number) else f"{number + 0.0:.6e}"
    except ValueError:
        return cell


def same(ours: list, theirs: list, ordered: bool) -> bool:
    if len(ours) != len(theirs):
        return False
    if ordered:
        return all(map(same_row, ours, theirs))
    if collections.Counter(map(repr, ours)) == collections.Counter(map(repr, theirs)):
        return True
    by_key = lambda row: [key(cell) for cell in row]
    if all(map(same_row, sorted(ours, key=by_key), sorted(theirs, key=by_key))):
        return True
    if len(ours) > 500:
        return False
    # Floats that differ in their last digits may be sorted otherwise.
    left = list(theirs)
    for row in ours:
        at = next((at for at, other in enumerate(left) if same_row(row, other)), None)
        if at is None:
            return False
        left.pop(at)
    return True
