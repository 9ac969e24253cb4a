"""Differences that are meant: what an error says, in which statement, and why."""

import re

# (reason, pattern of the statement, pattern of our error or None, pattern of DuckDB's error or None)
BY_DESIGN = [
    ("a division by zero is an error, in a part that DuckDB need not evaluate", r"//|%", r"[Dd]ivision by zero|[Dd]ivide by zero", None),
    ("substring takes any offset, and what is outside of the text is empty", r"substring", None, r"Substring offset"),
    ("DuckDB has not this function for its widest integers: not checked", r"", None, r"No function matches|Could not choose|Cannot compare|Cannot mix"),
    ("a number compared with a cast is compared without it, and the cast cannot fail", r"CAST", None, r"Could not cast value"),
    ("a cast that fails is an error, in a row or a part that DuckDB need not evaluate", r"CAST", r"does not fit into|is out of range|is too large for a DECIMAL", None),
    ("DuckDB multiplies decimals in the width of their digits, ours has more: not checked", r"\*", None, r"Overflow in multiplication of DECIMAL"),
    ("a cast that fails is an error in DuckDB, in a row or a part that ours need not evaluate", r"CAST", None, r"out of range for the destination type"),
    ("an overflow is an error, in a part that DuckDB need not evaluate or has a wider type for", r"", r"overflow|outside the range", None),
    ("a fault of DuckDB 2.0", r"", None, r"BindBuiltinScalarFunction"),
]


def reason(sql: str, ours: str | None, theirs: str | None) -> str | None:
    """Why a statement may differ: by the errors of both, None where there are rows."""
    for why, statement, our_error, their_error in BY_DESIGN:
        fits = lambda pattern, text: text is None if pattern is None else text is not None and re.search(pattern, text)
        if re.search(statement, sql, re.S) and fits(our_error, ours) and fits(their_error, theirs):
            return why
    return None
