"""autograder prove: a row a claim, and what fails is named."""

from __future__ import annotations

import json


def test_prove_shows_a_row_a_claim_and_fails_when_a_misconception_survives(
    small_course, autograder
) -> None:
    report = small_course / "proof.json"
    good = autograder("prove", "--quick", "--json", str(report), folder=small_course)
    assert good.returncode == 0, good.stderr
    assert "12 rows: 6 misconceptions, 4 alternatives; all hold" in good.stdout
    assert all(row["holds"] for row in json.loads(report.read_text())["rows"])
    path = small_course / "assignments" / "90_small" / "misconceptions.py"
    path.write_text(
        path.read_text()
        + '\nmisconception("largest", "Right, really.", source="largest = 16", id="none")\n'
        + 'alternative("largest", source="largest = 15", id="wrong")\n'
        + '\n\n@misconception("double", "Breaks another task.")\ndef double(x):\n'
        + "    return -x\n\n\nLine = None\n"
    )
    bad = autograder("prove", "--quick", "--json", str(report), folder=small_course)
    assert bad.returncode == 1
    problems = {
        r["name"]: r["problem"] for r in json.loads(report.read_text())["rows"] if not r["holds"]
    }
    assert set(problems) == {"none", "wrong"}
    assert "survives with 1 of 1" in problems["none"]
    assert "largest loses 1" in problems["wrong"]


def test_a_json_file_that_cannot_be_written_is_named_before_hours_of_work(
    small_course, autograder
) -> None:
    ended = autograder("prove", "--json", "no/such/folder.json", folder=small_course)
    assert ended.returncode == 2
    assert "no/such/folder.json cannot be written" in " ".join(ended.stderr.split())
    assert ended.stdout == ""
