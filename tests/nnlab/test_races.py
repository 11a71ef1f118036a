"""nnlab.races: the landscapes, when a path has arrived, and the animated picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from nnlab import races

SVG = "{http://www.w3.org/2000/svg}"
LANDSCAPES = [races.valley(30), races.valley(30, 45), races.saddle(), races.beale()]


def descent(course: races.Landscape, rate: float, steps: int) -> np.ndarray:
    """The path of plain gradient descent, shape (steps + 1, 2)."""
    path = [course.start]
    for _ in range(steps):
        path.append(path[-1] - rate * course.gradient(path[-1]))
    return np.array(path)


def drawn(course: races.Landscape | None = None, **options) -> ET.Element:
    course = course or races.valley(10)
    paths = {"slow": descent(course, 0.02, 40), "fast": descent(course, 0.15, 40)}
    return ET.fromstring(races.picture(course, paths, "A race", "Two paths.", **options))


def described(svg: ET.Element) -> str:
    return svg.find(f"{SVG}desc").text


@pytest.mark.parametrize("course", LANDSCAPES, ids=lambda course: course.name)
def test_the_gradient_of_a_landscape_is_the_slope_of_its_loss(course):
    for point in np.random.default_rng(1).uniform(-1.0, 1.5, size=(5, 2)):
        h = 1e-6
        slopes = [
            (course.loss(*(point + step)) - course.loss(*(point - step))) / (2 * h)
            for step in h * np.eye(2)
        ]
        np.testing.assert_allclose(course.gradient(point), slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("course", LANDSCAPES, ids=lambda course: course.name)
def test_the_start_and_the_minimum_lie_in_the_window(course):
    for point in [course.start] + ([] if course.minimum is None else [course.minimum]):
        assert course.x[0] < point[0] < course.x[1]
        assert course.y[0] < point[1] < course.y[1]


def test_gradient_descent_takes_as_many_steps_in_a_turned_valley():
    straight, turned = races.valley(50), races.valley(50, 30)
    assert straight.loss(*straight.start) == pytest.approx(turned.loss(*turned.start))
    one, two = descent(straight, 0.03, 200), descent(turned, 0.03, 200)
    assert straight.arrival(one) == turned.arrival(two)


def test_a_path_arrives_at_the_step_from_which_it_stays_at_the_finish():
    course = races.valley(1)
    passing = np.array([[1.0, 0], [0.05, 0], [0.5, 0], [0.02, 0], [0.01, 0]])
    assert course.arrival(passing) == 3
    assert course.arrival(passing[:3]) is None
    assert course.arrival(passing[3:]) == 0


def test_a_path_that_diverges_does_not_arrive():
    lost = np.array([[1.0, 0.0], [np.inf, 0.0], [np.nan, np.nan]])
    assert races.valley(1).arrival(lost) is None


def test_gradient_descent_leaves_the_saddle_after_145_steps():
    course = races.saddle()
    assert course.arrival(descent(course, 0.1, 160)) == 145


@pytest.mark.parametrize("surface", [False, True])
def test_every_racer_has_a_trail_a_moving_marker_and_a_line_in_the_legend(surface):
    svg = drawn(surface=surface)
    (moving,) = svg.iterfind(f".//{SVG}g[@class='moving']")
    assert [racer.find(f"{SVG}title").text for racer in moving] == ["slow", "fast"]
    for racer in moving:
        kinds = [
            animation.get("attributeName") for animation in racer.iter() if animation.get("dur")
        ]
        assert kinds.count("transform") == 1
        assert kinds.count("stroke-dashoffset") == 1
    legend = [span.text for span in svg.iter(f"{SVG}tspan")]
    assert legend == ["slow", "fast"]


def test_a_marker_visits_every_step_and_pauses_at_the_end():
    svg = drawn()
    (moving,) = svg.iterfind(f".//{SVG}g[@class='moving']")
    marker = moving[0].find(f".//{SVG}animateTransform")
    frames = marker.get("values").split(";")
    assert len(frames) > 41
    assert len(set(frames[40:])) == 1
    assert frames[-1] in moving[0].find(f"{SVG}g[@class='marker']").get("transform")


def test_all_animations_run_together_repeat_and_react_to_the_buttons():
    svg = drawn()
    animations = [a for a in svg.iter() if a.get("dur")]
    (begin,) = {a.get("begin") for a in animations}
    (end,) = {a.get("end") for a in animations}
    assert {a.get("repeatCount") for a in animations} == {"indefinite"}
    assert len({(a.get("dur"), len(a.get("values").split(";"))) for a in animations}) == 1
    ids = {element.get("id") for element in svg.iter()}
    replay, stop = begin.removeprefix("0s;").removesuffix(".click"), end.removesuffix(".click")
    assert {replay, stop} <= ids
    assert "-" not in replay + stop  # SMIL would read a minus sign


def test_a_screen_reader_finds_title_description_and_result():
    svg = drawn()
    assert svg.get("role") == "img"
    title, description = svg.get("aria-labelledby").split()
    assert svg.find(f"{SVG}title").get("id") == title
    assert svg.find(f"{SVG}desc").get("id") == description
    assert re.search(r"Two paths\. .*slow: not there; fast: \d+ steps", described(svg))


def test_the_axes_are_labelled():
    for surface in (False, True):
        words = {text.text for text in drawn(surface=surface).iter(f"{SVG}text")}
        assert {"weight w₁", "weight w₂", "step"} <= words


def test_markers_differ_in_colour_and_in_shape():
    course = races.valley(10)
    paths = {f"racer {k}": descent(course, 0.02 * (k + 1), 5) for k in range(7)}
    svg = ET.fromstring(races.picture(course, paths, "Seven", "Seven paths.", seconds=0))
    markers = [
        racer.find(f"{SVG}g[@class='marker']/{SVG}path")
        for racer in svg.iter(f"{SVG}g")
        if racer.find(f"{SVG}title") is not None
    ]
    assert len({marker.get("fill") for marker in markers}) == 7
    assert len({marker.get("d") for marker in markers}) == 7


def test_nothing_moves_for_readers_who_asked_for_reduced_motion():
    svg = drawn()
    assert "prefers-reduced-motion" in svg.find(f"{SVG}style").text
    (still,) = svg.iterfind(f".//{SVG}g[@class='still']")
    assert not [element for element in still.iter() if element.get("dur")]


def test_a_race_of_zero_seconds_is_drawn_finished_and_without_animation():
    svg = drawn(seconds=0)
    assert not [element for element in svg.iter() if element.get("dur")]
    assert "step" not in {text.text for text in svg.iter(f"{SVG}text")}


def test_names_and_titles_are_escaped():
    course = races.valley(10)
    text = races.picture(course, {"<b>&": descent(course, 0.02, 3)}, "a < b", 'say "hi" & <go>')
    svg = ET.fromstring(text)
    assert svg.find(f"{SVG}title").text == "a < b"
    assert described(svg).startswith('say "hi" & <go>')
    assert "<script" not in text


def test_the_ids_of_two_races_on_a_page_differ():
    one, two = (
        races.picture(races.valley(10), {"a": descent(races.valley(10), rate, 5)}, "t", "alt")
        for rate in (0.01, 0.02)
    )
    ids = [set(re.findall(r"id='([^']+)'", text)) for text in (one, two)]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("surface", [False, True])
def test_a_path_that_diverges_is_drawn_up_to_its_last_finite_point(surface):
    course = races.valley(40)
    with np.errstate(all="ignore"):
        lost = descent(course, 1.0, 400)
    assert not np.isfinite(lost).all()
    text = races.picture(course, {"lost": lost}, "Lost", "A path that diverges.", surface=surface)
    assert "nan" not in text and "inf" not in re.sub("indefinite|info", "", text)
    assert "lost: not there" in text


@pytest.mark.parametrize(
    ("paths", "alt", "problem"),
    [
        ({"a": np.zeros((3, 2))}, "  ", "in words"),
        ({}, "alt", "1 to 7 paths"),
        ({"a": np.zeros((3, 3))}, "alt", "shape"),
        ({"a": np.full((3, 2), np.nan)}, "alt", "shape"),
    ],
)
def test_a_race_without_description_or_with_unsuitable_paths_is_refused(paths, alt, problem):
    with pytest.raises(ValueError, match=problem):
        races.picture(races.valley(10), paths, "title", alt)


@pytest.mark.parametrize("surface", [False, True])
def test_a_race_is_small_and_needs_few_evaluations_of_the_loss(surface):
    beale, evaluated = races.beale(), []

    def counted(x, y):
        evaluated.append(np.size(x))
        return beale.loss(x, y)

    paths = {f"racer {k}": descent(beale, 0.002 * (k + 1), 250) for k in range(6)}
    text = races.picture(replace(beale, loss=counted), paths, "Race", "Six paths.", surface=surface)
    assert len(text) < 400_000
    assert len(evaluated) < 20 and sum(evaluated) < 20_000  # a call for the mesh, one for each path
    assert len(list(ET.fromstring(text).iter())) < 2_000


def test_show_displays_all_its_pictures_at_once(monkeypatch):
    shown = []
    monkeypatch.setattr(races, "display", shown.append)
    races.show("<svg>1</svg>", "<svg>2</svg>")
    (html,) = shown
    assert html.data.count("<figure") == 2
    assert "<script" not in html.data


def test_the_mystery_tracks_equal_the_paths_of_optimizers_of_pytorch():
    import torch

    course = races.valley(20)
    rules = {
        "A": (torch.optim.RMSprop, {"lr": 0.3, "alpha": 0.9, "eps": 0}),
        "B": (torch.optim.SGD, {"lr": 0.094}),
        "C": (torch.optim.Adagrad, {"lr": 0.22, "eps": 0}),
        "D": (torch.optim.SGD, {"lr": 0.03, "momentum": 0.9}),
    }
    for name, path in races.mystery_tracks(course, steps=20).items():
        rule, settings = rules[name]
        w = torch.tensor(course.start.copy(), requires_grad=True)
        optimizer = rule([w], **settings)
        for point in path[1:]:
            w.grad = torch.tensor(course.gradient(w.detach().numpy()))
            optimizer.step()
            np.testing.assert_allclose(point, w.detach().numpy(), rtol=1e-6, atol=1e-9)
