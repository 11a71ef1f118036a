"""What benchmarks/grading.py has measured: as a table, and whether all gave the same points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import clock
from rich.table import Table
from ways import Way

#: So many submissions with other points are named.
_NAMED = 3
#: The points of each submission, by student and assignment.
Points = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Measured:
    """What a way took, and the points that it gave."""

    way: Way
    taken: clock.Taken
    points: Points


COLUMNS = (
    "way", "s in all", "s a submission", "against stock", "against its floor", "peak memory, MB",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A way's line of the table. A ratio is None if there is nothing to compare with."""

    label: str
    seconds: float
    seconds_each: float
    against_stock: float | None
    against_floor: float | None
    peak_mb: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Its text, by column."""
        return (
            self.label,
            f"{self.seconds:.1f}",
            f"{self.seconds_each:.2f}",
            "–" if self.against_stock is None else f"{self.against_stock:.1f}×",
            "–" if self.against_floor is None else f"{self.against_floor:.2f}×",
            f"{self.peak_mb:.0f}",
        )


def rows_of(measured: Sequence[Measured], submissions: int) -> list[Row]:
    """The table: how many times as fast as the first way of stock nbgrader, and how many times as
    long as the floor that runs the same cells."""
    stock = [one.taken.seconds for one in measured if one.way.kind == "stock"]
    floors = {one.way.experiments: one.taken.seconds for one in measured if one.way.kind == "floor"}
    rows = []
    for one in measured:
        seconds = one.taken.seconds
        floor = floors.get(one.way.experiments) if one.way.kind == "ours" else None
        rows.append(
            Row(
                label=one.way.label,
                seconds=seconds,
                seconds_each=seconds / submissions,
                against_stock=stock[0] / seconds if stock else None,
                against_floor=seconds / floor if floor else None,
                peak_mb=one.taken.peak_mb,
            )
        )
    return rows


def markdown(rows: Iterable[Row]) -> str:
    """The table in Markdown, numbers on the right."""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def table(rows: Iterable[Row]) -> Table:
    """The table for a terminal."""
    made = Table(box=None)
    made.add_column(COLUMNS[0], width=26)
    for column in COLUMNS[1:]:  # as narrow as its longest word, for a terminal of 80 columns
        made.add_column(column, justify="right", width=max(6, *map(len, column.split())))
    for row in rows:
        made.add_row(*row.cells)
    return made


def what_was_given(measured: Iterable[Measured], known: Points) -> str:
    """Whether the ways that give points gave what the class must get: the speed of another result
    would say nothing."""
    right, wrong = [], []
    for one in measured:
        if one.way.kind == "floor":
            continue
        other = [
            key
            for key, points in known.items()
            if not math.isclose(one.points.get(key, 0.0), points, abs_tol=1e-9)
        ]
        if not other:
            right.append(f"*{one.way.label}*")
            continue
        some = "; ".join(
            f"{student} in {name}: {one.points.get((student, name), 0.0):g}, "
            f"not {known[student, name]:g}"
            for student, name in other[:_NAMED]
        )
        more = "; …" if len(other) > _NAMED else ""
        wrong.append(
            f"*{one.way.label}* gave {len(other)} of {len(known)} submissions other points "
            f"({some}{more})."
        )
    sentences = []
    if right:
        sentences.append(
            f"The points are the same, and what each of the {len(known)} submissions must get, "
            f"from {'; '.join(right)}."
        )
    return " ".join([*sentences, *wrong])
