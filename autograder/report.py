"""The page of a class, for the instructor: who got what, task by task."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from jinja2 import Environment

from autograder.marking import MarkedClass

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ lesson.title }}: the class</title>
<style>
  body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; }
  body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .2rem .45rem; border: 1px solid #e3e3e3; text-align: right; }
  th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff; }
  thead th { vertical-align: bottom; font-weight: 600; background: #fafafa; }
  thead th span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
  .full { background: #cfe8df; } .part { background: #fbe8bd; } .none { background: #f6d3c4; }
  .hand { background: #dbe7f5; }
  tfoot td { font-weight: 600; background: #fafafa; white-space: nowrap; }
  pre { background: #fafafa; padding: .4rem .6rem; overflow-x: auto; }
  p span { padding: 0 .3em; }
</style>
<h1>{{ lesson.title }}</h1>
<p>{{ rows|length }} submissions, mean {{ "%.1f"|format(mean) }} of
{{ "%g"|format(lesson.points) }} points,
median {{ "%.1f"|format(median) }}; graded in {{ "%.1f"|format(seconds) }} s.
A cell's colour: <span class="full">all points</span>, <span class="part">some</span>,
<span class="none">none</span>, <span class="hand">to be marked by hand</span>.
Rest the pointer on a cell for what its test said.</p>
<div class="wide"><table>
<thead><tr><th>student</th><th>points</th>
{% for cell in graded %}<th><span>{{ cell.id }} ({{ "%g"|format(cell.points) }})</span></th>
{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr><td>{{ row.student }}</td><td>{{ "%g"|format(row.points) }}</td>
{% for mark in row.marks %}<td class="{{ mark.css }}" title="{{ mark.says }}">{{ mark.text }}</td>
{% endfor %}</tr>
{% endfor %}</tbody>
<tfoot><tr><td>share of full marks</td><td></td>
{% for share in shares %}<td>{{ "%.0f %%"|format(100 * share) }}</td>{% endfor %}</tr></tfoot>
</table></div>
{% if flagged %}<h2>Worth a look</h2>
<p>None of this changed a mark: the lesson's own tests and setup were used.</p>
{% for student, flags in flagged %}<h3>{{ student }}</h3>
<ul>{% for flag in flags %}<li>
{% if flag.cell %}<code>{{ flag.cell }}</code>: {% endif %}{{ flag.what }}
{% if flag.evidence %}<pre>{{ flag.evidence }}</pre>{% endif %}</li>
{% endfor %}</ul>
{% endfor %}{% endif %}
</html>
"""


def write_class_page(marked: MarkedClass, folder: Path) -> Path:
    """Write ``folder/NAME.html``, a page that stands alone; whatever students wrote is escaped."""
    graded = [(e.student, e.result) for e in marked.entries if e.result is not None]
    graded.sort(key=lambda pair: -pair[1].points)
    rows = [
        {"student": s, "points": r.points, "marks": [_cell(mark) for mark in r.marks]}
        for s, r in graded
    ]
    points = [row["points"] for row in rows] or [0.0]
    shares = [
        sum(r.marks[i].points == cell.points for _, r in graded) / max(len(graded), 1)
        for i, cell in enumerate(marked.lesson.graded)
    ]
    page = Environment(autoescape=True).from_string(_PAGE)
    text = page.render(
        lesson=marked.lesson,
        graded=marked.lesson.graded,
        rows=rows,
        shares=shares,
        mean=statistics.fmean(points),
        median=statistics.median(points),
        seconds=marked.seconds,
        flagged=[(student, result.flags) for student, result in graded if result.flags],
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{marked.lesson.name}.html"
    path.write_text(text, encoding="utf-8")
    return path


def _cell(mark: Any) -> dict[str, str]:
    if mark.points is None:
        return {"css": "hand", "text": "?", "says": "to be marked by hand"}
    css = "full" if mark.points == mark.max_points else "part" if mark.points else "none"
    return {"css": css, "text": f"{mark.points:g}", "says": mark.says or mark.outcome}
