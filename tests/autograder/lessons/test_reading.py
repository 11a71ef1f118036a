"""A folder read into a lesson: one file or sections, headers, front matter, names of lessons."""

from __future__ import annotations

import pytest

from autograder.lessons import reading
from autograder.lessons.model import LessonError

FRONT = "# ---\n# title: T\n# minutes: 1\n# ---\n\n"
TASK = """\
# %% solution="a"
### BEGIN SOLUTION
a = 1
### END SOLUTION

# %% tests="a" points=1
assert a
"""

FAULTS = [
    ("x = 1\n", "a code cell needs a purpose"),
    ("# %%\nx = 1\n", "a code cell needs a purpose and a name"),
    (
        '# %% solutoin="a"\nx = 1\n',
        "the header says solutoin; it may hold one purpose and its options, of shared, sandboxed",
    ),
    ('# %% setup="a"\nx = 1\n', "the header says setup; it may hold one purpose"),
    ('# %% solution="a" tests="a"\nx = 1\n', "the header says solution and tests"),
    ('# %% shared="two words"\nx = 1\n', "shared='two words' is not a name"),
    ('# %% shared="a" points=3\nx = 1\n', "points goes with"),
    ('# %% tests="a" points=1 changes="yes"\nx = 1\n', "changes='yes' is neither"),
    ('# %% shared="a" changes="shown"\nx = 1\n', "changes goes with"),
    ('# %% tests="a" points=1 title="A"\nx = 1\n', "title goes with solution, answer, not with"),
    ("# %% [markdown] points=3\n# Prose.\n", "without a purpose"),
    ('# %% hint="a"\n# Prose.\n', "hint cells want [markdown] in the header"),
    ('# %% [markdown] shared="a"\n# Prose.\n', "shared cells want no [markdown]"),
    (TASK.replace(" points=1", ""), "points must be a positive number"),
    (TASK.replace("points=1", "points=-1"), "points must be a positive number"),
    (TASK.replace("points=1", 'points="1"'), "points must be a positive number"),
    (TASK.replace("points=1", 'points=1 part="b c"'), "part='b c' is not a word"),
    (TASK.replace('n="a"', 'n="a" forbid="sort"', 1), "forbid='sort' is no dotted name"),
    (TASK.replace('n="a"', 'n="a" forbid="torch.1d"', 1), "forbid='torch.1d' is no dotted name"),
]


@pytest.mark.parametrize(("cells", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_a_cell_that_cannot_be_what_its_header_says_is_named(make_lesson, cells, says):
    with pytest.raises(LessonError) as caught:
        make_lesson(cells)
    assert says in str(caught.value)
    assert "91_made/lesson.py: cell " in str(caught.value)


def test_what_a_header_says_is_what_the_cell_has(make_lesson):
    made = make_lesson(
        '# %% solution="b" title="Being b" needs="a, c" forbid="torch.sort numpy.sort"\n'
        "### BEGIN SOLUTION\nb = 1\n### END SOLUTION\n\n"
        '# %% tests="b" points=2.5 part="long" changes="shown"\nassert b\n\n'
        + TASK
        + TASK.replace('"a"', '"c"')
    )
    _, solution, tests = made.cells[:3]
    assert (solution.title, solution.needs) == ("Being b", ("a", "c"))
    assert solution.forbids == ("torch.sort", "numpy.sort")
    assert (tests.points, tests.part, tests.shows_changes) == (2.5, "long", True)


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
    assert "91_made/lesson.py: header" in str(caught.value)


def test_a_missing_header_a_missing_file_and_another_encoding_are_named(tmp_path):
    with pytest.raises(LessonError, match=r"lesson\.py: file: cannot be read"):
        reading.load(tmp_path)
    (tmp_path / "lesson.py").write_text(TASK)
    with pytest.raises(LessonError, match="want a header: '# ---'"):
        reading.load(tmp_path)
    (tmp_path / "lesson.py").write_bytes("# ---\n# title: é\n# ---\n".encode("latin-1"))
    with pytest.raises(LessonError, match=r"lesson\.py: file: is not UTF-8"):
        reading.load(tmp_path)


# -- sections -------------------------------------------------------------------------------------


@pytest.fixture
def sections(tmp_path):
    """Write a lesson of several files into a folder, by name."""

    def write(**files):
        folder = tmp_path / "92_sections"
        (folder / "lesson").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / "lesson" / f"{name}.py").write_text(text, encoding="utf-8")
        return folder

    return write


def section(name: str) -> str:
    return TASK.replace('"a"', f'"{name}"')


def test_sections_are_read_in_the_order_of_their_names(sections):
    # Written in another order than they are read.
    folder = sections(b_02=section("two"), b_10=section("three"), a_99=FRONT + section("one"))
    read = reading.load(folder)
    assert [task.name for task in read.tasks] == ["one", "two", "three"]
    assert [cell.number for cell in read.cells] == [0, 1, 2, 3, 4, 5, 6]
    assert (read.name, read.folder, read.title) == ("92_sections", folder, "T")


def test_in_sections_or_in_one_file_the_cells_are_the_same(sections, make_lesson):
    prose = "# %% [markdown]\n# ## A part\n\n"
    folder = sections(a=FRONT + prose + section("one"), b=prose + section("two"))
    whole = make_lesson(prose + section("one") + "\n" + prose + section("two"))
    assert [one for one in reading.load(folder).cells if one.kind != "install"] == [
        one
        for one in whole.cells
        if one.kind != "install"  # it names the lesson
    ]


def test_a_later_section_has_no_header_and_the_first_must_have_one(sections):
    folder = sections(a=section("one"), b=FRONT + section("two"))
    with pytest.raises(LessonError, match=r"lesson/a\.py: first lines: want a header"):
        reading.load(folder)


def test_of_sections_the_one_with_the_fault_is_named(sections):
    folder = sections(a=FRONT + section("one"), b="# %%\nx = 1\n")
    with pytest.raises(LessonError, match=r"lesson/b\.py: cell 3 \(x = 1\): a code cell needs"):
        reading.load(folder)


def test_of_sections_the_one_with_the_header_is_named(sections):
    limits = FRONT.replace("minutes: 1", "minutes: 1\n# limits: {seconds: 1}")
    folder = sections(a=limits + section("one"), b=section("two"))
    with pytest.raises(LessonError, match=r"lesson/a\.py: header, limits: 'seconds' is no limit"):
        reading.load(folder)


def test_of_sections_the_one_in_another_encoding_is_named(sections):
    folder = sections(a=FRONT + section("one"))
    (folder / "lesson" / "b.py").write_bytes("# é".encode("latin-1"))
    with pytest.raises(LessonError, match=r"lesson/b\.py: file: is not UTF-8"):
        reading.load(folder)


def test_one_file_and_sections_side_by_side_are_refused(sections):
    folder = sections(a=FRONT + section("one"))
    (folder / "lesson.py").write_text(FRONT + TASK)
    with pytest.raises(LessonError, match=r"92_sections: .* keep one of the two"):
        reading.load(folder)


def test_the_digest_changes_with_each_section_and_with_their_names(sections):
    first = reading.load(sections(a=FRONT + section("one"), b=section("two"))).digest
    folder = sections(b=section("two").replace("= 1", "= 2"))
    second = reading.load(folder).digest
    (folder / "lesson" / "b.py").rename(folder / "lesson" / "c.py")
    assert len({first, second, reading.load(folder).digest}) == 3


# -- finding lessons ------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path):
    for name in ("01_first", "02_second", "02_second_again", "04_batch_normalization"):
        folder = tmp_path / "assignments" / name
        folder.mkdir(parents=True)
        (folder / "lesson.py").write_text(FRONT + TASK)
    folder = tmp_path / "assignments" / "12_in_sections" / "lesson"
    folder.mkdir(parents=True)
    (folder / "00_start.py").write_text(FRONT + TASK)
    (tmp_path / "assignments" / "13_notes").mkdir()
    return tmp_path


def test_without_names_all_lessons_are_found_in_order(shelf):
    assert [one.name for one in reading.find(shelf)] == [
        "01_first",
        "02_second",
        "02_second_again",
        "04_batch_normalization",
        "12_in_sections",
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("01", "01_first"),
        ("1", "01_first"),
        ("001", "01_first"),
        ("12", "12_in_sections"),
        ("4", "04_batch_normalization"),
        ("04", "04_batch_normalization"),
        ("04_batch", "04_batch_normalization"),
        ("04_batch_normalization", "04_batch_normalization"),
        ("02_second", "02_second"),
        ("02_second_a", "02_second_again"),
    ],
)
def test_a_lesson_is_named_by_its_name_its_beginning_or_its_number(shelf, name, found):
    assert [one.name for one in reading.find(shelf, [name])] == [found]


def test_lessons_come_in_the_order_in_which_they_are_named_and_once(shelf):
    folders = reading.folders(shelf, ["02_second", "01", "1", "02_second"])
    assert [folder.name for folder in folders] == ["02_second", "01_first"]


@pytest.mark.parametrize("name", ["02", "2", "02_"])
def test_an_ambiguous_name_is_answered_with_the_choices(shelf, name):
    choices = "choose from 02_second, 02_second_again$"
    with pytest.raises(LessonError, match=f"'{name}': is more than one assignment; {choices}"):
        reading.find(shelf, [name])


@pytest.mark.parametrize("name", ["03", "3", "", "batch", "13", "13_notes", "-1", "4.0"])
def test_an_unknown_name_is_answered_with_the_choices(shelf, name):
    choices = "choose from 01_first, 02_second, 02_second_again, 04_batch_normalization, 12_"
    with pytest.raises(LessonError, match=f"'{name}': is no assignment; {choices}"):
        reading.find(shelf, [name])


def test_a_course_without_lessons_is_told(tmp_path):
    with pytest.raises(LessonError, match=r"holds no NAME/lesson\.py and no NAME/lesson/"):
        reading.find(tmp_path / "nowhere")
    with pytest.raises(LessonError, match="'01': is no assignment; choose from none"):
        reading.find(tmp_path / "nowhere", ["01"])


def test_a_header_further_down_is_an_error_and_no_text_for_students(make_lesson) -> None:
    with pytest.raises(LessonError, match="belongs to the first lines of the first file"):
        make_lesson("# %% [markdown]\n# Text.\n\n# %% [raw]\n# ---\n# title: Second\n# ---\n")
