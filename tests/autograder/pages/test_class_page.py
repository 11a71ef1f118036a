"""The class page: who got what under which title, and nothing of a stranger's that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from jupyter_lab import CHROMIUM, running_browser

from autograder.classes.run import ClassRun, Entry
from autograder.intake.alterations import Flag
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.pages.class_page import class_page, write_class_page

#: Markup in each place where a word of a student's could become some.
EVIL = (
    "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>\"'&{{7*7}}"
)


def result(lesson: Lesson, *shares: float | None, says: str = "", flags: tuple = ()) -> Result:
    """The result with these shares of the points of each graded cell; of the last if too few."""
    marks = []
    for number, cell in enumerate(lesson.graded):
        share = shares[min(number, len(shares) - 1)]
        outcome = {None: "to_be_marked", 0: "failed", 1: "passed"}.get(share, "partial")
        points = None if share is None else share * cell.points
        marks.append(Mark(cell.id, cell.name, points, cell.points, outcome, says))
    return Result(lesson.name, lesson.digest, tuple(marks), [], flags=flags)


def page(small: Lesson, *flags: Flag, student: str = "ada", says: str = "") -> str:
    entry = Entry(student, result(small, 0, says=says, flags=flags))
    return class_page(ClassRun(small, (entry,), 1.0))


def heads(text: str) -> list[str]:
    return re.findall(r"<th><span[^>]*>(.*?)</span></th>", text)


# -- what stands on it ----------------------------------------------------------------------------


def test_the_heads_are_the_titles_of_tasks_and_answers_with_their_points(small) -> None:
    text = page(small)
    assert heads(text) == [
        "Doubling (2)",
        "A change in place (3)",
        "A line (4)",
        "The largest square (1)",
        "Why (2)",
    ]
    assert '<span title="test-double">Doubling (2)</span>' in text


def test_a_head_tells_the_parts_of_a_task_apart_and_takes_a_name_for_a_title(make_lesson) -> None:
    made = make_lesson(
        '# %% solution="step" title="A step"\n### BEGIN SOLUTION\nstep = 1\n### END SOLUTION\n\n'
        '# %% tests="step" points=1\nassert step\n\n'
        '# %% tests="step" points=2.5 part="long_run"\nassert step\n\n'
        '# %% solution="rest"\n### BEGIN SOLUTION\nrest = 1\n### END SOLUTION\n\n'
        '# %% tests="rest" points=1\nassert rest\n'
    )
    assert heads(page(made)) == ["A step (1)", "A step long_run (2.5)", "rest (1)"]


def test_an_answer_that_shares_its_name_with_a_task_keeps_its_own_title(make_lesson) -> None:
    made = make_lesson(
        '# %% solution="step" title="A step"\n### BEGIN SOLUTION\nstep = 1\n### END SOLUTION\n\n'
        '# %% tests="step" points=1\nassert step\n\n'
        '# %% [markdown] answer="step" title="Why one step" points=2\n'
        "# ### BEGIN SOLUTION\n# ### END SOLUTION\n"
    )
    assert heads(page(made)) == ["A step (1)", "Why one step (2)"]


def test_students_stand_in_the_order_of_their_points_with_what_their_tests_said(small) -> None:
    few = Entry("few", result(small, 1, 0, 0.5, 0, None, says="It returned 9."))
    all_of_it = Entry("all", result(small, 1))
    text = class_page(ClassRun(small, (few, all_of_it, Entry("unchanged", None)), 2.5))
    rows = re.findall(r"<tr><td>(\w+)</td><td>([\d.]+)</td>", text)
    assert rows == [("all", "12"), ("few", "4")]
    assert re.findall(r'<td class="(\w+)" title="([^"]*)">([^<]*)</td>', text)[5:] == [
        ("full", "It returned 9.", "2"),
        ("none", "It returned 9.", "0"),
        ("part", "It returned 9.", "2"),
        ("none", "It returned 9.", "0"),
        ("hand", "to be marked by hand", "?"),
    ]
    assert "2 submissions, mean 8.0 of\n12 points,\nmedian 8.0;" in text
    shares = re.findall(r"<td>(\d+) %</td>", text)
    assert shares == ["100", "50", "50", "50", "50"]


def test_a_mark_without_a_sentence_is_explained_by_its_outcome(small) -> None:
    assert '<td class="none" title="failed">0</td>' in page(small)


def test_a_class_of_which_nothing_is_new_has_a_page_too(small) -> None:
    text = class_page(ClassRun(small, (Entry("ada", None),), 0.1))
    assert "0 submissions, mean 0.0" in text
    assert "<td>ada</td>" not in text


def test_the_page_is_written_under_the_lessons_name(small, tmp_path) -> None:
    run = ClassRun(small, (Entry("ada", result(small, 1)),), 1.0)
    path = write_class_page(run, tmp_path / "pages")
    assert path == tmp_path / "pages" / "90_small.html"
    assert path.read_text(encoding="utf-8") == class_page(run)


def test_what_is_worth_a_look_stands_with_student_cell_and_evidence(small) -> None:
    text = page(small, Flag("test-double", "The test was changed.", "- old\n+ new"))
    assert "Worth a look" in text
    assert "<code>test-double</code>: The test was changed." in text
    assert "<pre>- old\n+ new</pre>" in text


def test_without_flags_there_is_no_such_section(small) -> None:
    assert "Worth a look" not in page(small)


# -- nothing of a stranger's runs -----------------------------------------------------------------


def test_nothing_of_a_strangers_text_is_markup(small) -> None:
    text = page(small, Flag(EVIL, EVIL, EVIL), student=EVIL, says=EVIL)
    assert "<script" not in text
    assert "<img" not in text
    assert "49" not in text
    # Once for each place: a student twice, a flag's three fields, and a sentence a mark.
    assert text.count("&lt;img src=x onerror=&#34;") == 2 + 3 + len(small.graded)


def test_a_title_is_no_markup_either(small) -> None:
    cells = tuple(replace(c, title="x < y & z") if c.title else c for c in small.cells)
    other = replace(small, title="<b>Small</b>", cells=cells)
    text = page(other)
    assert "x &lt; y &amp; z (2)" in text
    assert "<h1>&lt;b&gt;Small&lt;/b&gt;</h1>" in text


# -- in a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with running_browser() as chromium:
        yield chromium


@pytest.fixture
def opened(browser, small, tmp_path) -> Iterator[object]:
    """The page of two students in a browser, one of whom writes markup wherever one can."""
    flags = (Flag(EVIL, EVIL, EVIL),)
    evil = Entry(EVIL, result(small, 0.5, says=EVIL, flags=flags))
    run = ClassRun(small, (evil, Entry("ada", result(small, 1, 1, 1, 1, None))), 1.0)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.asked = []
    page.said = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(write_class_page(run, tmp_path).as_uri())
    page.wait_for_load_state("networkidle")
    yield page
    page.close()


def test_a_browser_shows_what_students_wrote_as_words_and_runs_none_of_it(opened) -> None:
    assert opened.title() == "A small lesson for the tests: the class"
    assert opened.locator("img, script, iframe").count() == 0
    assert opened.locator("h3").inner_text() == EVIL
    assert opened.locator("tbody td:first-child").all_inner_texts() == ["ada", EVIL]
    assert opened.locator("pre").inner_text() == EVIL
    assert opened.locator("td.part").first.get_attribute("title") == EVIL
    assert opened.said == []


def test_a_page_stands_alone(opened) -> None:
    assert [url.partition(":")[0] for url in opened.asked] == ["file"]


def test_a_browser_shows_a_column_a_title_and_a_colour_a_mark(opened) -> None:
    columns = opened.locator("thead th span").all_inner_texts()
    assert [text.rpartition(" (")[0] for text in columns] == [
        "Doubling",
        "A change in place",
        "A line",
        "The largest square",
        "Why",
    ]
    colour = "element => getComputedStyle(element).backgroundColor"
    kinds = ("full", "part", "none", "hand")
    legend = [opened.locator(f"p span.{kind}").evaluate(colour) for kind in kinds]
    assert len(set(legend)) == 4
    ada = opened.locator("tbody tr").first.locator("td[class]")
    assert [cell.evaluate(colour) for cell in ada.all()] == [legend[0]] * 4 + [legend[3]]
    assert opened.locator("tbody tr").count() == 2
    # Nothing sticks out of the window: a wide class scrolls within its own box.
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
