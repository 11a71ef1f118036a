"""autograder.lesson: what a lesson says, and what its author is told when it cannot be read."""

from __future__ import annotations

import pytest

from autograder.lessons import preloads, reading
from autograder.lessons.model import LessonError, without_markers
from autograder.lessons.python_source import free_names, top_level_names

TASK = """\
# %% solution="a"
### BEGIN SOLUTION
a = 1
### END SOLUTION

# %% tests="a" points=1
assert a
"""


def test_a_lesson_has_a_name_a_title_and_what_it_takes(small):
    assert (small.name, small.title, small.minutes) == (
        "90_small",
        "A small lesson for the tests",
        5,
    )
    assert small.points == 2 + 3 + 4 + 1 + 2
    assert (small.limits.test_seconds, small.limits.memory_mb) == (3, 3072)


def test_each_cell_has_a_kind_and_an_id_of_its_own(small):
    kinds = {cell.id: cell.kind for cell in small.cells if cell.kind not in ("text", "hint")}
    assert kinds == {
        "setup-imports": "setup",
        "given-square": "given",
        "solution-double": "solution",
        "test-double": "tests",
        "solution-update": "solution",
        "test-update": "tests",
        "solution-Line": "solution",
        "test-Line": "tests",
        "experiment-squares": "experiment",
        "solution-largest": "solution",
        "test-largest": "tests",
        "answer-why": "answer",
    }
    assert [small.by_id[name].id for name in kinds] == list(kinds)


def test_a_task_is_a_solution_with_its_tests_and_hints(small):
    double = small.task("double")
    assert double.points == 2
    assert double.defines == ("double",)
    assert [cell.id for cell in double.tests] == ["test-double"]
    assert [cell.source for cell in double.hints] == ["What is x + x?", "Multiply by two."]


def test_an_unknown_task_is_answered_with_those_there_are(small):
    with pytest.raises(KeyError, match=r"no task 'triple'; it has \['double', 'update'"):
        small.task("triple")


def test_several_tests_of_a_task_are_told_apart_by_their_parts(make_lesson):
    made = make_lesson(TASK + '# %% tests="a" points=2.5 part="b"\nassert a\n')
    assert [(cell.id, cell.points) for cell in made.graded] == [("test-a", 1), ("test-a-b", 2.5)]
    assert made.task("a").points == 3.5


def test_hidden_lines_are_those_from_marker_to_marker(small):
    cell = small.by_id["test-largest"]
    hidden = [cell.source.splitlines()[n - 1] for n in sorted(cell.hidden_lines)]
    assert hidden == [
        "### BEGIN HIDDEN TESTS",
        'check_equal("largest", largest, 16)',
        "### END HIDDEN TESTS",
    ]


def test_an_answer_has_its_mark_scheme(small):
    assert small.by_id["answer-why"].rubric == "2 points for a word about growth."
    assert small.by_id["test-double"].rubric == ""


def test_dependents_are_found_through_other_tasks(make_lesson):
    def task(name, needs=""):
        return TASK.replace('"a"', f'"{name}"').replace(f'n="{name}"', f'n="{name}"{needs}', 1)

    made = make_lesson(task("a") + task("b", ' needs="a"') + task("c", ' needs="b, d"') + task("d"))
    assert made.dependents("a") == {"b", "c"}
    assert made.dependents("d") == {"c"}
    assert made.dependents("c") == set()


def test_tasks_that_need_each_other_depend_on_each_other(make_lesson):
    first = TASK.replace('n="a"', 'n="a" needs="b"', 1)
    second = TASK.replace('"a"', '"b"').replace('n="b"', 'n="b" needs="a"', 1)
    assert make_lesson(first + second).dependents("a") == {"a", "b"}


def test_the_digest_changes_with_the_text(make_lesson):
    assert make_lesson(TASK).digest != make_lesson(TASK.replace("1", "2")).digest


# -- what an author is told -----------------------------------------------------------------------

CELL_FAULTS = [
    ("x = 1\n", "a code cell needs a purpose"),
    ("# %%\nx = 1\n", "a code cell needs a purpose and a name"),
    ('# %% solutoin="a"\nx = 1\n', "the header says solutoin; one purpose of"),
    ('# %% solution="a" tests="a"\nx = 1\n', "the header says solution and tests"),
    ('# %% shared="two words"\nx = 1\n', "setup='two words' is not a name"),
    ('# %% shared="a" points=3\nx = 1\n', "points goes with"),
    ('# %% tests="a" points=1 changes="yes"\nx = 1\n', "changes='yes' is neither"),
    ('# %% shared="a" changes="shown"\nx = 1\n', "changes goes with"),
    ('# %% [markdown] points=3\n# Prose.\n', "without a purpose"),
    ('# %% hint="a"\n# Prose.\n', "hint cells want [markdown] in the header"),
    ('# %% [markdown] setup="a"\n# Prose.\n', "setup cells want no [markdown]"),
    ('# %% shared="a"\nx = 1\n# %% setup="a"\ny = 1\n', "is named setup-a like cell 1"),
    (TASK + '# %% tests="a" points=1\nassert a\n', 'give one another name or part="…"'),
    ('# %% tests="b" points=1\nassert b\n', "there is no solution='b'"),
    ('# %% [markdown] hint="b"\n# Try it.\n', "there is no solution='b'"),
    (TASK.replace('n="a"', 'n="a" needs="b"', 1), "needs ('b',), but tasks are {'a'}"),
    (TASK.replace(" points=1", ""), "points must be a positive number"),
    (TASK.replace("points=1", "points=-1"), "points must be a positive number"),
    (TASK.replace("points=1", 'points="1"'), "points must be a positive number"),
    (TASK.replace("points=1", 'points=1 part="b c"'), "part='b c' is not a word"),
    (TASK.replace('"a"', f'"{"a" * 60}"'), "is longer than 64 characters; shorten the name"),
    ('# %% solution="a"\na = 1\n', "lacks ### BEGIN SOLUTION"),
    (TASK.replace("### END SOLUTION\n", ""), "has one of the solution markers only"),
    (TASK + "### BEGIN HIDDEN TESTS\n", "has one of the hidden tests markers only"),
    (TASK + "### END HIDDEN TESTS\n", "has one of the hidden tests markers only"),
    (
        '# %% [markdown] answer="w" points=1\n# ### BEGIN SOLUTION\n# ### BEGIN MARK SCHEME\n'
        "# One.\n# ### END SOLUTION\n",
        "has one of the mark scheme markers only",
    ),
    (
        TASK + "### BEGIN MARK SCHEME\n# One.\n### END MARK SCHEME\n",
        "a mark scheme belongs in an answer cell",
    ),
    (TASK + "assert (\n", "line 2 is not Python"),
    (TASK + "limit = 3\n@probe\ndef p():\n    return limit\n", "the probe p uses limit"),
    (TASK + "import math\n@probe\ndef p():\n    return math.pi\n", "import it inside the probe"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "says"), CELL_FAULTS, ids=[says for _, says in CELL_FAULTS])
def test_a_cell_that_cannot_be_what_its_header_says_is_named(make_lesson, cells, says):
    with pytest.raises(LessonError) as caught:
        make_lesson(cells)
    assert says in str(caught.value)
    assert "91_made" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("title: T", "lacks 'minutes'"),
        ("minutes: 3", "lacks 'title'"),
        ("title: T\nminutes: long", "minutes is 'long', not a whole number"),
        ("title: T\nminutes: 3\nmood: good", "knows no mood"),
        ("title: [", "is not YAML"),
        ("- title", "lacks 'title'"),
        ("title: T\nminutes: 3\nlimits:\n  seconds: 3", "there are cell_seconds, test_seconds"),
        ("title: T\nminutes: 3\nlimits: 3", "there are cell_seconds, test_seconds"),
        ("title: T\nminutes: 3\nlimits:\n  test_seconds: soon", "test_seconds is 'soon'"),
        ("title: T\nminutes: 3\nlimits:\n  memory_mb: 0", "memory_mb is 0, no positive number"),
    ],
)
def test_a_header_that_lacks_or_misspells_something_is_refused(make_lesson, header, says):
    with pytest.raises(LessonError) as caught:
        make_lesson(TASK, header=header)
    assert says in str(caught.value)


def test_a_missing_header_a_missing_file_and_another_encoding_are_named(tmp_path):
    with pytest.raises(LessonError, match="cannot be read"):
        reading.load(tmp_path)
    (tmp_path / "lesson.py").write_text(TASK)
    with pytest.raises(LessonError, match="want a header: '# ---'"):
        reading.load(tmp_path)
    (tmp_path / "lesson.py").write_bytes("# ---\n# title: é\n# ---\n".encode("latin-1"))
    with pytest.raises(LessonError, match="is not UTF-8"):
        reading.load(tmp_path)


def test_a_probe_may_use_other_probes_its_arguments_and_the_notebooks_names(make_lesson):
    make_lesson(
        TASK + "@probe\ndef one(x):\n    import math\n    return [math.pi * k * a for k in x]\n"
        "@probe\ndef two(x):\n    return one(x)\nassert two([1])\n"
    )


# -- finding lessons ------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path):
    for name in ("01_first", "02_second", "02_second_again"):
        folder = tmp_path / "assignments" / name
        folder.mkdir(parents=True)
        (folder / "lesson.py").write_text("# ---\n# title: T\n# minutes: 1\n# ---\n" + TASK)
    return tmp_path


def test_lessons_are_found_by_the_beginning_of_their_names(shelf):
    def names(*wanted):
        return [one.name for one in reading.find(shelf, wanted)]

    assert names() == ["01_first", "02_second", "02_second_again"]
    assert names("02_second", "01") == ["02_second", "01_first"]


def test_an_ambiguous_or_unknown_name_is_answered_with_the_choices(shelf, tmp_path):
    with pytest.raises(LessonError, match="more than one assignment; choose from 02_second, 02_"):
        reading.find(shelf, ["02"])
    with pytest.raises(LessonError, match="is no assignment; choose from 01_first, 02_second"):
        reading.find(shelf, ["03"])
    with pytest.raises(LessonError, match="holds no NAME/lesson"):
        reading.find(tmp_path / "nowhere")


# -- names in source ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b = 1", ("a", "b")),
        ("a, (b, *c) = x", ("a", "b", "c")),
        ("a: int = 1\na += 1", ("a",)),
        ("def f(x):\n    y = 1", ("f",)),
        ("async def f(): pass\nclass C:\n    z = 1", ("f", "C")),
        ("import a.b, c as d\nfrom e import f as g", ("a", "d", "g")),
        ("for i in x:\n    j = [k for k in i]", ("i", "j")),
        ("with open(p) as f:\n    pass", ("f",)),
        ("if x:\n    import a\n    def g(): pass", ("a", "g")),
        ("try:\n    b = lambda c: (d := c)\nfinally:\n    e = 1", ("b", "e")),
        ("print((n := 3))", ("n",)),
        ("x.y = 1; x[0] = 2", ()),
        ("%matplotlib inline", ()),
    ],
)  # fmt: skip
def test_top_level_names_are_those_that_a_cell_binds(source, names):
    assert sorted(top_level_names(source)) == sorted(names)


def test_free_names_are_those_that_a_cell_reads():
    assert free_names("def f(x):\n    k = 1\n    return g(x) + y + k\nz = f") == {"g", "y", "f"}


def test_free_names_of_what_is_no_python_are_all_words_in_it():
    assert {"inline", "squares"} <= free_names("%matplotlib inline\nprint(squares")


def test_markers_are_removed_and_nothing_else():
    source = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n# end"
    assert without_markers(source) == "def f():\n    return 1\n# end"


def test_preloads_are_the_imports_and_data_that_students_are_given(make_lesson) -> None:
    made = make_lesson(
        '# %% shared="imports"\nimport numpy as np\nfrom nnlab import data\n\n'
        '# %% experiment="look"\nX, y = data.digits(images=True)\nZ = data.digits(images=some)\n\n'
        '# %% solution="task"\n### BEGIN SOLUTION\nimport secret\ntask = 1\n### END SOLUTION\n\n'
        '# %% tests="task" points=1\nimport math\n'
        "### BEGIN HIDDEN TESTS\nimport hidden\ndata.mnist_1d(100, seed=7)\n### END HIDDEN TESTS\n"
    )
    assert preloads.preloads(made).splitlines() == [
        "import numpy as np",
        "from nnlab import data",
        "data.digits(images=True)",
        "import math",
    ]
