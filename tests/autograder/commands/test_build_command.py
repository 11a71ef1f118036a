"""autograder build: both notebooks, whether they are stale, and what no release may hold."""

from __future__ import annotations


def test_build_writes_both_notebooks_and_check_tells_when_they_are_stale(
    small_course, autograder
) -> None:
    assert autograder("build", "--check", folder=small_course).returncode == 1
    built = autograder("build", folder=small_course)
    assert built.returncode == 0, built.stderr
    assert (small_course / "release" / "90_small" / "90_small.ipynb").exists()
    assert (small_course / "source" / "90_small" / "90_small.ipynb").exists()
    assert autograder("build", "--check", "90", folder=small_course / "assignments").returncode == 0
    again = autograder("build", folder=small_course)
    assert "90_small: nothing to change" in again.stdout
    path = small_course / "assignments" / "90_small" / "lesson.py"
    path.write_text(path.read_text().replace("A small lesson", "Another lesson"))
    stale = autograder("build", "--check", folder=small_course)
    assert stale.returncode == 1
    assert "90_small.ipynb: is stale" in stale.stderr
    assert "run 'autograder build'" in stale.stderr


def test_build_refuses_a_lesson_that_leaks(small_course, autograder) -> None:
    path = small_course / "assignments" / "90_small" / "lesson.py"
    secret = 'raise ValueError("x is negative")'
    path.write_text(path.read_text().replace("# What is x + x?", f"# `{secret}`\n# {secret}"))
    ended = autograder("build", folder=small_course)
    assert ended.returncode == 1
    assert "the release holds a line of the solution of double" in ended.stderr
    assert not (small_course / "release").exists()


def test_a_lesson_with_a_mistake_is_named_with_file_cell_and_way_out(
    small_course, autograder
) -> None:
    path = small_course / "assignments" / "90_small" / "lesson.py"
    path.write_text(path.read_text().replace('# %% sandboxed="square"', "# %%"))
    ended = autograder("build", folder=small_course)
    assert ended.returncode == 2
    words = " ".join(ended.stderr.split())
    assert "lesson.py: cell 3 (def square(x):): a code cell needs a purpose and a name" in words
