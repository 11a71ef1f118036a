"""Races of optimizers over a loss landscape, as an animated SVG without JavaScript.

A :class:`Landscape` is a loss of two weights. :func:`picture` draws the paths that optimizers took
over it, seen from above (contours) or from the side (``surface=True``), and :func:`show` displays
one or several such pictures. A marker moves along each path by SMIL, the animation language of
SVG: the browser does the work, so a race takes milliseconds to draw. Where nothing can move (on
paper) or should not (the reader asked for reduced motion), the picture shows the finished race.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Protocol, TypeAlias

import numpy as np
from contourpy import FillType, contour_generator
from IPython.display import HTML, display
from numpy.typing import ArrayLike, NDArray

from nnlab.pictures import COLOURS

__all__ = [
    "Finish",
    "Gradient",
    "Landscape",
    "Loss",
    "beale",
    "mystery_tracks",
    "picture",
    "saddle",
    "show",
    "valley",
]

Floats: TypeAlias = NDArray[np.float64]

#: Colour and outline of each racer's marker, in order. Both differ, so that a reader who cannot
#: tell the colours apart can go by the shapes.
_MARKERS = (
    ("blue", "M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z"),
    ("red", "M-4.5-4.5H4.5V4.5H-4.5Z"),
    ("green", "M0-6 5.6 4.2H-5.6Z"),
    ("purple", "M0-6.4 5.2 0 0 6.4-5.2 0Z"),
    ("orange", "M0 6-5.6-4.2H5.6Z"),
    ("black", "M-2-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z"),
    ("sky", "M0-6 5.7-1.9 3.5 4.9H-3.5L-5.7-1.9Z"),
)
_LEVELS = 14  # bands of a contour map
_MESH = 34  # facets along each side of a surface
_PAUSE = 0.18  # how long the finish stays on the screen, as a share of the time of the race
_FONT = "font-family='system-ui,Segoe UI,Helvetica,Arial,sans-serif'"


class Loss(Protocol):
    """The loss of two weights, elementwise for two arrays of the same shape."""

    def __call__(self, x: Floats, y: Floats, /) -> Floats: ...


class Gradient(Protocol):
    """The gradient of the loss at one point: shape (2,) gives shape (2,)."""

    def __call__(self, weights: Floats, /) -> Floats: ...


class Finish(Protocol):
    """Which points of a path count as arrived: shape (T, 2) gives booleans of shape (T,)."""

    def __call__(self, path: Floats, /) -> NDArray[np.bool_]: ...


@dataclass(frozen=True)
class Landscape:
    """A loss of two weights, and the window in which it is drawn.

    Attributes:
        name: what the landscape is called.
        loss: the loss, elementwise for two arrays of weights (:class:`Loss`).
        gradient: the gradient of the loss at a point of shape (2,) (:class:`Gradient`).
        start: where a race begins, shape (2,).
        x, y: the window: the least and the greatest value of each weight.
        finish: which points of a path count as arrived (:class:`Finish`).
        minimum: the point to reach, shape (2,), or None (a saddle has no minimum).
        height: the height of the surface for an array of losses, such as their logarithm.
        height_label: the name of the vertical axis of the surface.
        azimuth: the direction from which the surface is seen, in degrees from the w₁ axis.
    """

    name: str
    loss: Loss
    gradient: Gradient
    start: Floats
    x: tuple[float, float]
    y: tuple[float, float]
    finish: Finish
    minimum: Floats | None = None
    height: Callable[[Floats], Floats] = lambda loss: loss
    height_label: str = "loss"
    azimuth: float = -62.0

    def arrival(self, path: ArrayLike) -> int | None:
        """The first step from which a path of shape (T, 2) stays at the finish, None if never."""
        points = np.asarray(path, dtype=float)
        with np.errstate(all="ignore"):
            there = np.isfinite(points).all(axis=1) & self.finish(points)
        if not there[-1]:
            return None
        away = np.flatnonzero(~there)
        return int(away[-1]) + 1 if away.size else 0


def valley(condition: float, degrees: float = 0.0) -> Landscape:
    """A quadratic valley: curvature 1 along it, ``condition`` across it, turned by ``degrees``.

    The start turns with the valley, so an update rule that treats all directions alike takes the
    same number of steps at every angle. The finish is a disc of radius 0.1 around the minimum,
    (0, 0).
    """
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    hessian = turn @ np.diag([1.0, condition]) @ turn.T
    (a, b), (_, c) = hessian
    return Landscape(
        name=f"valley, condition {condition:g}" + (f", turned by {degrees:g}°" if degrees else ""),
        loss=lambda x, y: (a * x * x + 2 * b * x * y + c * y * y) / 2,
        gradient=lambda w: hessian @ w,
        start=turn @ np.array([-2.0, 0.7]),
        x=(-2.4, 2.4),
        y=(-2.0, 2.0),
        finish=_near(np.zeros(2), 0.1),
        minimum=np.zeros(2),
        height=np.sqrt,
        height_label="√loss",
    )


def saddle() -> Landscape:
    """The saddle (w₁² − w₂²)/2, flat at (0, 0); a race starts 10⁻⁶ beside its ridge.

    A path is at the finish when it has left the saddle point: where |w₂| ≥ 1.
    """
    return Landscape(
        name="saddle",
        loss=lambda x, y: (x * x - y * y) / 2,
        gradient=lambda w: np.array([w[0], -w[1]]),
        start=np.array([1.2, 1e-6]),
        x=(-1.3, 1.3),
        y=(-1.3, 1.3),
        finish=lambda path: np.abs(path[:, 1]) >= 1.0,
        azimuth=-28.0,
    )


def beale() -> Landscape:
    """Beale's function (1958): plateaus, a steep wall and a curved floor; its minimum is (3, ½).

    The finish is a disc of radius 0.1 around the minimum.
    """

    def residuals(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        return 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3

    def loss(x: Floats, y: Floats) -> Floats:
        a, b, c = residuals(x, y)
        return a**2 + b**2 + c**2

    def gradient(w: Floats) -> Floats:
        x, y = w
        a, b, c = residuals(x, y)
        along_x = a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1)
        along_y = a * x + 2 * b * x * y + 3 * c * x * y**2
        return 2 * np.array([along_x, along_y])

    return Landscape(
        name="Beale's function",
        loss=loss,
        gradient=gradient,
        start=np.array([0.7, 1.4]),
        x=(-0.8, 4.2),
        y=(-1.8, 1.9),
        finish=_near(np.array([3.0, 0.5]), 0.1),
        minimum=np.array([3.0, 0.5]),
        height=lambda loss: np.log10(loss + 0.3),
        height_label="log(loss + 0.3)",
    )


def picture(
    landscape: Landscape,
    paths: Mapping[str, Floats],
    title: str,
    alt: str,
    *,
    surface: bool = False,
    seconds: float = 8.0,
    width: int = 640,
) -> str:
    """An SVG of the race: the landscape, each path with a moving marker, a timeline, a legend.

    Args:
        paths: the name of each racer and the points it visited: up to seven arrays of shape
            (T, 2), the start first. A path that diverges is drawn up to its last finite point.
        title: the heading of the picture.
        alt: what a reader who cannot see the picture needs to know. The number of steps that each
            racer took is added to it.
        surface: draw the loss as a surface in three dimensions instead of contours.
        seconds: how long the animation takes; 0 draws the finished race only.
        width: of the picture, in pixels.

    Raises:
        ValueError: an empty description, no path or too many, or a path of another shape.
    """
    if not alt.strip():
        raise ValueError("picture(..., alt): say in words what the picture shows")
    if not 1 <= len(paths) <= len(_MARKERS):
        raise ValueError(f"picture(..., paths): 1 to {len(_MARKERS)} paths, not {len(paths)}")
    tracks = {name: _finite(name, path) for name, path in paths.items()}
    steps = max(len(path) for path in tracks.values()) - 1
    height = int(0.62 * width)
    view: _View = (_Surface if surface else _Map)(landscape, width, height)
    key = f"race{zlib.crc32(repr((title, alt, surface, width, tracks)).encode()):08x}"
    arrivals = {name: landscape.arrival(paths[name]) for name in paths}

    still, moving = [], []
    for (name, track), (colour, outline) in zip(tracks.items(), _MARKERS):
        points = np.clip(view.place(track), -3000, 3000)
        still.append(_racer(name, points, COLOURS[colour], outline, None))
        timing = _Timing(key, seconds, steps)
        moving.append(_racer(name, points, COLOURS[colour], outline, timing))
    below = height + (64 if seconds else 26)
    rows = _legend(arrivals, width, below)
    total = below + 22 * rows[1] + 8
    results = "; ".join(f"{name}: {_steps(count)}" for name, count in arrivals.items())
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' id='{key}' viewBox='0 0 {width} {total}' "
        f"style='width:100%;max-width:{width}px;height:auto' role='img' "
        f"aria-labelledby='{key}-title {key}-desc' {_FONT} font-size='12' fill='#222'>",
        f"<title id='{key}-title'>{escape(title)}</title>",
        f"<desc id='{key}-desc'>{escape(alt)} Steps to the finish: {escape(results)}.</desc>",
        f"<style>#{key} .still{{display:none}}@media (prefers-reduced-motion:reduce){{"
        f"#{key} .still{{display:inline}}#{key} .moving{{display:none}}}}</style>",
        f"<rect width='{width}' height='{total}' fill='#fff'/>",
        f"<text x='12' y='22' font-size='14.5' font-weight='600'>{escape(title)}</text>",
        f"<clipPath id='{key}-window'>{view.window()}</clipPath>",
        *view.background(),
        f"<g clip-path='url(#{key}-window)'>",
        *view.minimum(),
    ]
    if seconds:
        parts += ["<g class='still'>", *still, "</g><g class='moving'>", *moving, "</g></g>"]
        parts += _timeline(key, seconds, steps, width, height + 30)
    else:
        parts += [*still, "</g>"]
    return "".join([*parts, *rows[0], "</svg>"])


def mystery_tracks(landscape: Landscape, steps: int = 40) -> dict[str, Floats]:
    """The paths A to D of four optimizers, without their names: arrays of shape (steps + 1, 2).

    Students find out which optimizer made which path, so the code does not name them either. All
    four follow one rule with different numbers: it keeps a velocity with momentum µ, and may
    divide the step by the root of a cache of squared gradients. In each step the cache keeps one
    share of its old value and takes in another of the new squared gradient.
    """
    numbers = {  # learning rate, µ, share of the old cache, share of the new squared gradient
        "A": (0.3, 0.0, 0.9, 0.1),
        "B": (0.094, 0.0, 0.0, 0.0),
        "C": (0.22, 0.0, 1.0, 1.0),
        "D": (0.03, 0.9, 0.0, 0.0),
    }
    tracks = {}
    for name, (rate, mu, kept, taken) in numbers.items():
        path, velocity, cache = [landscape.start], np.zeros(2), np.zeros(2)
        for _ in range(steps):
            slope = landscape.gradient(path[-1])
            cache = kept * cache + taken * slope**2
            velocity = mu * velocity - rate * slope / (np.sqrt(cache) if taken else 1.0)
            path.append(path[-1] + velocity)
        tracks[name] = np.array(path)
    return tracks


def show(*pictures: str) -> None:
    """Display pictures made by :func:`picture`, side by side where there is room."""
    cells = "".join(f"<figure style='margin:0;flex:1 1 400px'>{svg}</figure>" for svg in pictures)
    display(HTML(f"<div style='display:flex;flex-wrap:wrap;gap:12px'>{cells}</div>"))


class _View(Protocol):
    """A way to see a landscape; all coordinates are pixels of the SVG."""

    def place(self, points: Floats) -> Floats:
        """Where points of the path (T, 2) are drawn, shape (T, 2)."""

    def window(self) -> str:
        """The element that paths are clipped to."""

    def background(self) -> Iterable[str]:
        """The elements that show the loss and the axes."""

    def minimum(self) -> Iterable[str]:
        """The elements that mark the minimum; none if the landscape has none."""


class _Map:
    """The landscape from above: filled contours at quantiles of the loss in the window."""

    def __init__(self, landscape: Landscape, width: int, height: int) -> None:
        self.landscape = landscape
        self.left, self.top = 52.0, 36.0
        self.right, self.bottom = width - 14.0, height - 12.0

    def place(self, points: Floats) -> Floats:
        (x0, x1), (y0, y1) = self.landscape.x, self.landscape.y
        across = self.left + (points[:, 0] - x0) / (x1 - x0) * (self.right - self.left)
        down = self.bottom - (points[:, 1] - y0) / (y1 - y0) * (self.bottom - self.top)
        return np.column_stack([across, down])

    def window(self) -> str:
        return (
            f"<rect x='{self.left}' y='{self.top}' width='{self.right - self.left}' "
            f"height='{self.bottom - self.top}'/>"
        )

    def background(self) -> Iterable[str]:
        fine = int(self.right / 6)  # a contour bends every six pixels at most
        x, y = np.linspace(*self.landscape.x, fine), np.linspace(*self.landscape.y, fine)
        loss = self.landscape.loss(*np.meshgrid(x, y))
        levels = np.quantile(loss, np.linspace(0, 1, _LEVELS + 1) ** 1.3)
        levels[0], levels[-1] = levels[0] - 1, levels[-1] + 1
        contours = contour_generator(x, y, loss, fill_type=FillType.OuterOffset)
        for band, (low, high) in enumerate(pairwise(levels)):
            outlines = []
            for points, offsets in zip(*contours.filled(low, high)):
                placed = self.place(points)
                outlines += [_line(placed[a:b]) + "Z" for a, b in pairwise(offsets)]
            yield (
                f"<path d='{''.join(outlines)}' fill='{_shade(band / (_LEVELS - 1))}' "
                "fill-rule='evenodd' stroke='#8d99a6' stroke-width='.5'/>"
            )
        for value in _ticks(*self.landscape.x):
            (across, _), *_ = self.place(np.array([[value, 0.0]]))
            yield _text(across, self.bottom + 15, f"{value:g}", anchor="middle")
            yield f"<path d='M{across:.1f} {self.bottom}v4' stroke='#555'/>"
        for value in _ticks(*self.landscape.y):
            (_, down), *_ = self.place(np.array([[0.0, value]]))
            yield _text(self.left - 8, down + 4, f"{value:g}", anchor="end")
            yield f"<path d='M{self.left} {down:.1f}h-4' stroke='#555'/>"
        middle = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        yield _text(middle[0], self.bottom + 29, "weight w₁", anchor="middle")
        yield (
            f"<text transform='translate(16 {middle[1]:.1f}) rotate(-90)' "
            "text-anchor='middle'>weight w₂</text>"
        )

    def minimum(self) -> Iterable[str]:
        if self.landscape.minimum is not None:
            (x, y), *_ = self.place(self.landscape.minimum[None])
            yield _star(x, y)


class _Surface:
    """The landscape from the side: a shaded mesh, whose far facets are drawn first."""

    elevation = np.deg2rad(42.0)

    def __init__(self, landscape: Landscape, width: int, height: int) -> None:
        self.landscape = landscape
        self.width, self.height = width, height
        self.azimuth = np.deg2rad(landscape.azimuth)
        self.x = np.linspace(*landscape.x, _MESH + 1)
        self.y = np.linspace(*landscape.y, _MESH + 1)
        self.z = landscape.height(landscape.loss(*np.meshgrid(self.x, self.y)))
        self.floor, self.peak = float(self.z.min()), float(self.z.max())
        x, y = np.meshgrid(self.x, self.y)
        self.mesh = self._box(np.column_stack([x.ravel(), y.ravel()]), self.z.ravel())
        floor = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [-1, -1, 1]], float)
        self.frame = floor
        seen = self._turned(np.vstack([self.mesh, floor]))[:, :2]
        low, high = seen.min(axis=0), seen.max(axis=0)
        # The surface fits between the title and the timeline, with room for the labels.
        self.scale = min((width - 120) / (high[0] - low[0]), (height - 44) / (high[1] - low[1]))
        self.middle = (low + high) / 2

    def _turned(self, box: Floats) -> Floats:
        """Points of the box [-1, 1]² × [0, 1] as (across, up, towards the eye)."""
        x, y, z = box[:, 0], box[:, 1], 1.0 * box[:, 2]
        cos_a, sin_a = np.cos(self.azimuth), np.sin(self.azimuth)
        cos_e, sin_e = np.cos(self.elevation), np.sin(self.elevation)
        near = cos_a * x + sin_a * y
        return np.column_stack(
            [-sin_a * x + cos_a * y, cos_e * z - sin_e * near, cos_e * near + sin_e * z]
        )

    def _box(self, points: Floats, height: Floats) -> Floats:
        """Points (T, 2) and their heights (T,) in the box [-1, 1]² × [0, 1], shape (T, 3)."""
        (x0, x1), (y0, y1) = self.landscape.x, self.landscape.y
        across = 2 * (points[:, 0] - x0) / (x1 - x0) - 1
        deep = 2 * (points[:, 1] - y0) / (y1 - y0) - 1
        return np.column_stack([across, deep, (height - self.floor) / (self.peak - self.floor)])

    def _seen(self, box: Floats) -> Floats:
        """Where points of the box are drawn, in pixels."""
        flat = (self._turned(box)[:, :2] - self.middle) * self.scale
        return np.column_stack([self.width / 2 + flat[:, 0], self.height / 2 + 18 - flat[:, 1]])

    def place(self, points: Floats) -> Floats:
        (x0, x1), (y0, y1) = self.landscape.x, self.landscape.y
        inside = np.column_stack([points[:, 0].clip(x0, x1), points[:, 1].clip(y0, y1)])
        height = self.landscape.height(self.landscape.loss(inside[:, 0], inside[:, 1]))
        return self._seen(self._box(inside, height))

    def window(self) -> str:
        return f"<rect y='28' width='{self.width}' height='{self.height}'/>"

    def background(self) -> Iterable[str]:
        seen = self._seen(self.mesh).reshape(*self.z.shape, 2)
        near = self._turned(self.mesh)[:, 2].reshape(self.z.shape)
        unit = self.mesh[:, 2].reshape(self.z.shape)
        slope = np.gradient(unit, 2 / _MESH)
        light = (0.75 - 0.35 * slope[1] + 0.25 * slope[0]) / np.hypot(1, np.hypot(*slope))
        edges = self._seen(self.frame)[[0, 1, 2, 3, 0, 4]]
        yield f"<path d='{_line(edges)}' fill='none' stroke='#999'/>"
        facets = np.stack([seen[:-1, :-1], seen[:-1, 1:], seen[1:, 1:], seen[1:, :-1]], axis=2)
        order = np.argsort(near[:-1, :-1] + near[1:, 1:], axis=None)
        yield "<g stroke='#fff' stroke-width='.4'>"
        for facet in order:
            row, column = divmod(int(facet), _MESH)
            corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in facets[row, column])
            shade = _shade(float(unit[row, column]), 0.8 + 0.25 * float(light[row, column]))
            yield f"<polygon points='{corners}' fill='{shade}'/>"
        yield "</g>"
        yield from self._labels()

    def _labels(self) -> Iterable[str]:
        corners = self._seen(self.frame)
        origin, right, back, _, up = corners
        (x0, x1), (y0, y1) = self.landscape.x, self.landscape.y
        for place, tip, name, low, high in (
            (origin, right, "w₁", x0, x1),
            (right, back, "w₂", y0, y1),
        ):
            below = (12, 14) if name == "w₂" else (-10, 15)
            for share, label in ((0.06, f"{low:g}"), (0.5, f"weight {name}"), (0.94, f"{high:g}")):
                x, y = place + share * (tip - place) + below
                yield _text(x, y, label, anchor="start" if name == "w₂" else "middle")
        yield _text(up[0], up[1] - 8, self.landscape.height_label, anchor="middle")

    def minimum(self) -> Iterable[str]:
        if self.landscape.minimum is not None:
            (x, y), *_ = self.place(self.landscape.minimum[None])
            yield _star(x, y)


@dataclass(frozen=True)
class _Timing:
    """When an animation runs: all animations of a picture start, repeat and stop together.

    Attributes:
        key: the id of the picture.
        seconds: how long one run takes.
        steps: the number of steps of the longest path.
    """

    key: str
    seconds: float
    steps: int

    def values(self, frames: list[str], attribute: str, kind: str = "animate") -> str:
        """An animation with one frame a step, which then pauses at the last frame."""
        missing = self.steps + 1 - len(frames) + int(_PAUSE * self.steps)
        listed = ";".join(frames + [frames[-1]] * missing)
        # These ids have no hyphen: SMIL would read one before the dot as a minus sign.
        what = "type='translate'" if kind == "animateTransform" else ""
        return (
            f"<{kind} attributeName='{attribute}' {what} values='{listed}' dur='{self.seconds:g}s' "
            f"begin='0s;{self.key}replay.click' end='{self.key}stop.click' "
            "repeatCount='indefinite'/>"
        )


def _racer(name: str, points: Floats, colour: str, outline: str, timing: _Timing | None) -> str:
    """One path with its marker, animated or, without a timing, as it is at the finish."""
    trail, (x, y) = _line(points), points[-1]
    draw = move = dash = whole = ""
    if timing is not None:
        length = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
        left = 1 - length / (length[-1] or 1.0)
        draw = timing.values([f"{share:.3f}" for share in left], "stroke-dashoffset")
        frames = [f"{x:.1f},{y:.1f}" for x, y in points]
        move = timing.values(frames, "transform", "animateTransform")
        # The line and its halo have one dash as long as the path. Its offset, which both
        # inherit from their group, shrinks to 0, and so the path appears from its start on.
        dash, whole = "stroke-dasharray='1'", "pathLength='1'"
    return (
        f"<g><title>{escape(name)}</title><g fill='none' stroke-linejoin='round' {dash}>{draw}"
        f"<path d='{trail}' {whole} stroke='#fff' stroke-opacity='.75' stroke-width='4'/>"
        f"<path d='{trail}' {whole} stroke='{colour}' stroke-width='2'/></g>"
        f"<g class='marker' transform='translate({x:.1f},{y:.1f})'>{move}"
        f"<path d='{outline}' fill='{colour}' stroke='#fff' stroke-width='1.3'/></g></g>"
    )


def _timeline(key: str, seconds: float, steps: int, width: int, y: float) -> Iterable[str]:
    """The timeline of the race: a ruler of steps, a point that moves along it, two buttons."""
    y += 20
    left, right = 64.0, width - 132.0
    yield _text(12, y + 4, "step")
    yield f"<path d='M{left} {y}H{right}' stroke='#bbb' stroke-width='3' stroke-linecap='round'/>"
    for value in _ticks(0, steps):
        x = left + value / max(steps, 1) * (right - left)
        yield _text(x, y - 8, f"{value:g}", anchor="middle", size=10)
    frames = [f"{left + k / max(steps, 1) * (right - left):.1f},{y}" for k in range(steps + 1)]
    motion = _Timing(key, seconds, steps).values(frames, "transform", "animateTransform")
    yield (
        f"<circle r='6' fill='#444' stroke='#fff' transform='translate({right},{y})'>"
        f"{motion}</circle>"
    )
    for name, label, x in (("replay", "↻ replay", width - 112), ("stop", "■ stop", width - 50)):
        yield (
            f"<g id='{key}{name}' style='cursor:pointer'><rect x='{x - 5}' y='{y - 12}' "
            f"width='{62 if name == 'replay' else 50}' height='22' rx='5' fill='#eef1f4'/>"
            f"{_text(x + 1, y + 3.5, label, size=11)}</g>"
        )


def _legend(arrivals: Mapping[str, int | None], width: int, top: float) -> tuple[list[str], int]:
    """The racers with their markers and numbers of steps, and how many rows they take."""
    longest = max(len(f"{name}: {_steps(count)}") for name, count in arrivals.items())
    columns = max(1, min(len(arrivals), int((width - 20) // (7.2 * longest + 42))))
    parts = []
    for index, ((name, count), (colour, outline)) in enumerate(zip(arrivals.items(), _MARKERS)):
        row, column = divmod(index, columns)
        x, y = 22 + column * (width - 20) / columns, top + 12 + 22 * row
        parts.append(
            f"<path transform='translate({x:.1f},{y:.1f})' d='{outline}' fill='{COLOURS[colour]}'/>"
            f"<text x='{x + 12:.1f}' y='{y + 4:.1f}'>"
            f"<tspan font-weight='600'>{escape(name)}</tspan>: {_steps(count)}</text>"
        )
    return parts, -(-len(arrivals) // columns)


def _finite(name: str, path: Floats) -> Floats:
    """The path up to its last finite point, clipped far outside of every window."""
    path = np.asarray(path, dtype=float)
    if path.ndim != 2 or path.shape[1] != 2 or not np.isfinite(path[:1]).all() or not len(path):
        raise ValueError(f"the path of {name!r} has shape {path.shape}, not (steps + 1, 2)")
    diverged = np.flatnonzero(~np.isfinite(path).all(axis=1))
    return (path[: diverged[0]] if diverged.size else path).clip(-1e6, 1e6)


def _near(point: Floats, radius: float) -> Finish:
    """The finish is reached within ``radius`` of ``point``."""
    return lambda path: np.hypot(*(path - point).T) <= radius


def _steps(count: int | None) -> str:
    return "not there" if count is None else f"{count} step{'s' * (count != 1)}"


def _line(points: Floats) -> str:
    """The ``d`` attribute of an SVG path through the points (T, 2)."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``, about five of them."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda m: abs(m * power - rough))
    return [
        float(round(k * step, 10)) for k in range(int(np.ceil(low / step)), int(high / step) + 1)
    ]


def _shade(share: float, light: float = 1.0) -> str:
    """A grey-blue, paler where the loss is lower; all markers stand out against it."""
    low, high = np.array([252.0, 252.0, 249.0]), np.array([164.0, 177.0, 192.0])
    red, green, blue = (
        (light * (low + np.clip(share, 0, 1) * (high - low))).clip(0, 255).astype(int)
    )
    return f"#{red:02x}{green:02x}{blue:02x}"


def _star(x: float, y: float) -> str:
    turns = np.pi / 5 * np.arange(10) - np.pi / 2
    radius = np.where(np.arange(10) % 2, 4.0, 10.0)
    points = np.column_stack([x + radius * np.cos(turns), y + radius * np.sin(turns)])
    return f"<path d='{_line(points)}Z' fill='#fff' stroke='#222' stroke-width='1.2'/>"


def _text(x: float, y: float, words: str, anchor: str = "start", size: float = 12) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size:g}'>"
        f"{escape(words)}</text>"
    )
