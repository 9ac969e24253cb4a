"""Makes a statement that differs smaller, as long as it differs in the same way."""

TRIES = 300


def shrink(select, differs):
    """`differs(select)` is the way in which a statement differs, or nothing."""
    way, left = differs(select), TRIES
    changed = True
    while changed and left > 0:
        changed = False
        size = len(select.sql())
        for less in select.smaller():
            if len(less.sql()) >= size:
                continue
            left -= 1
            if left <= 0:
                break
            if differs(less) == way:
                select, changed = less, True
                break
    return select
