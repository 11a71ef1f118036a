"""Finds the released lesson that a student's notebook was made from.

It lies beside the notebook, or in a folder ``release/NAME/`` further up. Where an author or an
instructor keeps the lesson itself, in ``assignments/NAME/``, it is made from that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.intake.recognition import recognize
from autograder.intake.repair import Recovered
from autograder.lessons import released
from autograder.lessons.model import Lesson, LessonError
from autograder.lessons.notebooks import release_id
from autograder.lessons.released import SUFFIX, ReleasedLessonError


@dataclass(frozen=True)
class FoundLesson:
    """A released lesson, as a lesson whose tests have visible lines only.

    ``is_other_edition`` tells that the notebook says of itself that it was made from another one.
    """

    lesson: Lesson
    is_other_edition: bool = False


def find_lesson(notebook: Path, file: Recovered, here: Path) -> tuple[FoundLesson | None, str]:
    """The lesson of a notebook, and a sentence about what could not be used on the way.

    The notebook's metadata name it, or else the file's name, or else its cells, as long as no
    other lesson can be meant. Of several editions it is the one that the metadata name.

    Args:
        notebook: where the notebook is.
        file: what was recovered from it.
        here: another folder to look in and above, such as the current one.
    """
    search = _Search(notebook, here)
    named = file.lesson or next(iter(search.named_in(notebook.stem)), "")
    found = search.edition(named, file.release) or search.recognized(file)
    if found is None:
        return None, search.problem
    other = bool(file.release) and release_id(found) != file.release
    return FoundLesson(found, other), search.problem


class _Search:
    """The released lessons near a notebook. ``problem``: why one of them cannot be used."""

    def __init__(self, notebook: Path, here: Path) -> None:
        folder = notebook.absolute().parent
        here = here.absolute()
        self.problem = ""
        self._files: dict[str, list[Path]] = {}
        self._lessons: dict[str, list[Path]] = {}
        for path in _files(folder, here):
            self._files.setdefault(path.name.removesuffix(SUFFIX), []).append(path)
        for path in _folders_of_lessons(folder, here):
            self._lessons.setdefault(path.name, []).append(path)

    @property
    def names(self) -> list[str]:
        return sorted({*self._files, *self._lessons})

    def named_in(self, stem: str) -> list[str]:
        """The lessons whose name a file's name begins with, the longest first: browsers and
        JupyterLab add " (1)" and "-Copy1"."""
        found = [name for name in self.names if stem == name or _goes_on(stem, name)]
        return sorted(found, key=len, reverse=True)

    def edition(self, name: str, release: str) -> Lesson | None:
        """The lesson ``name``, in that edition if it is there, else as it is now."""
        handed_out = list(self._handed_out(name))
        for one in handed_out:
            if release and release_id(one) == release:
                return one
        return self._made(name) or next(iter(handed_out), None)

    def recognized(self, file: Recovered) -> Lesson | None:
        """The lesson of which most of the cells for students are in the file, if no other comes
        near."""
        found: list[tuple[int, Lesson]] = []
        for name in self.names:
            # An author's lesson takes a second to read.
            lesson = next(self._handed_out(name), None) or self._made(name)
            if lesson is not None:
                matches = recognize(lesson, list(file.cells)).values()
                cells = {match.cell for match in matches}
                found.append((sum(lesson.by_id[cell].is_students for cell in cells), lesson))
        found.sort(key=lambda pair: -pair[0])
        if not found or not found[0][0]:
            return None
        is_clear = len(found) == 1 or found[1][0] * 2 < found[0][0]
        return found[0][1] if is_clear else None

    def _handed_out(self, name: str) -> Iterator[Lesson]:
        """The released lessons of this name, the nearest first."""
        for path in self._files.get(name, ()):
            lesson = self._read(path)
            if lesson is not None:
                yield lesson

    def _read(self, path: Path) -> Lesson | None:
        try:
            text = path.read_text(encoding="utf-8")
            return released.from_text(text).lesson(path.parent)
        except OSError as error:
            self.problem = f"{path} cannot be read ({error.strerror})."
        except UnicodeDecodeError:
            self.problem = f"{path} is not UTF-8."
        except ReleasedLessonError as error:
            self.problem = f"{path} {error}."
        return None

    def _made(self, name: str) -> Lesson | None:
        """The released form of an author's lesson."""
        for folder in self._lessons.get(name, ()):
            from autograder.lessons import reading  # imports what students need not have

            try:
                lesson = reading.load(folder)
            except LessonError as error:
                self.problem = f"{error}."
                continue
            return released.released_lesson(lesson).lesson(folder)
        return None


def _goes_on(stem: str, name: str) -> bool:
    return stem.startswith(name) and not stem[len(name)].isalnum()


def _folders(folder: Path, here: Path) -> Iterator[Path]:
    """The notebook's folder and those above it, then the other one and those above that."""
    yield from dict.fromkeys((folder, *folder.parents, here, *here.parents))


def _files(folder: Path, here: Path) -> Iterator[Path]:
    yield from sorted(folder.glob(f"*{SUFFIX}"))
    for one in _folders(folder, here):
        yield from sorted((one / "release").glob(f"*/*{SUFFIX}"))


def _folders_of_lessons(folder: Path, here: Path) -> Iterator[Path]:
    for one in _folders(folder, here):
        home = one / "assignments"
        if home.is_dir():
            yield from (
                path
                for path in sorted(home.iterdir())
                if (path / "lesson.py").is_file() or (path / "lesson").is_dir()
            )
