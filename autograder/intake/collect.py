"""Files the submissions of an archive into submitted/, each complete or not at all.

A submission whose files are those that are there already is left alone, its time too. One that
differs takes the place of the old one, which stays beside it as ``.replaced-NAME-1``, ``-2``, …
Nothing in an archive says when it was handed in but the archive's own members: a student's
``timestamp.txt``, and the times in a student's own zip, do not count.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.atomic import replace as replace_folder
from autograder.course.folders import Course
from autograder.intake.archive_limits import ArchiveError, ArchiveLimits, MemberError
from autograder.intake.archives import Archive, Budget, Member, Refused
from autograder.intake.safe_names import same_name_key
from autograder.intake.student_ids import student_id
from autograder.lms.layouts import Layout, NoStudent, generic, is_zip
from autograder.protocol.plain_text import on_one_line

TIMESTAMP = "timestamp.txt"
_STAGING = ".collecting-"
#: What systems and Jupyter leave in folders, beside names that begin with a dot.
_CLUTTER = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}
_SPOOL_BYTES = 8 << 20  # a student's own zip up to this size is kept in memory


@dataclass(frozen=True)
class Collected:
    """A submission that was filed, or was there already.

    ``student`` is nbgrader's id and the folder's name, ``name`` what the archive calls the student;
    ``size`` is in bytes; ``submitted`` is None if the archive does not say when;
    ``action`` is "new", "replaced" or "unchanged".
    """

    student: str
    name: str
    files: tuple[str, ...]
    size: int
    submitted: datetime | None
    action: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "student": self.student,
            "name": self.name,
            "files": list(self.files),
            "bytes": self.size,
            "submitted": self.submitted and self.submitted.isoformat(),
            "action": self.action,
        }


@dataclass(frozen=True)
class Report:
    """What came of one archive."""

    archive: str
    collected: tuple[Collected, ...]
    refused: tuple[Refused, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "archive": self.archive,
            "error": None,
            "collected": [one.to_dict() for one in self.collected],
            "refused": [{"member": one.member, "reason": one.reason} for one in self.refused],
        }


def collect_archive(
    course: Course,
    assignment: str,
    archive: Path,
    *,
    layout: Layout = generic,
    limits: ArchiveLimits | None = None,
    dry_run: bool = False,
) -> Report:
    """File the submissions in ``archive`` into the course's submitted/; say what was refused.

    With ``dry_run`` everything is read and checked, and nothing written. One collect at a time may
    run in a course: what one that was killed left behind is removed.

    Raises:
        ArchiveError: the archive cannot be used, or submitted/ not be written to.
    """
    limits = limits or ArchiveLimits()
    base = _folder_of_students(course, assignment)
    try:
        with archive.open("rb") as file:
            opened = Archive(file, archive.name, limits)
            if not opened.members and not opened.refused:
                raise ArchiveError(f"{on_one_line(archive.name)} holds no files")
            with _staging(base, dry_run) as staging:
                work = _Collection(course, assignment, base, staging, limits)
                work.file_all(opened, layout)
            return Report(on_one_line(archive.name), tuple(work.collected), tuple(work.refused))
    except OSError as error:
        raise ArchiveError(f"{error.filename or archive}: {error.strerror or error}") from error


@dataclass(frozen=True)
class _Piece:
    """A file of a student's: from which archive, where among the student's files, since when."""

    archive: Archive
    member: Member
    name: str
    path: tuple[str, ...]
    time: datetime | None


@dataclass(frozen=True)
class _Written:
    size: int
    digest: str


class _NotFiled(Exception):
    """A student of whom nothing is filed. The message is the reason."""


class _Collection:
    """One archive on its way into submitted/; ``staging`` is None if nothing is to be written."""

    def __init__(
        self,
        course: Course,
        assignment: str,
        base: Path,
        staging: Path | None,
        limits: ArchiveLimits,
    ) -> None:
        self.collected: list[Collected] = []
        self.refused: list[Refused] = []
        self._course, self._assignment = course, assignment
        self._base, self._staging = base, staging
        self._limits = limits
        self._total = Budget(limits.total_bytes, "the archive")

    def file_all(self, archive: Archive, layout: Layout) -> None:
        """File every student's submission, in the order of the archive."""
        self.refused += archive.refused
        students: dict[str, tuple[str, list[_Piece]]] = {}
        owners: dict[tuple[str, ...], str] = {}
        for member in archive.members:
            if _is_clutter(member.parts):
                continue
            try:
                place = layout(member.parts, self._assignment)
                student = student_id(place.student)
                owner = owners.setdefault(same_name_key((student,)), place.student)
                if owner != place.student:
                    raise NoStudent(
                        f"its student's folder would be that of {on_one_line(owner)!r}, whose name "
                        "is spelt in another way"
                    )
            except NoStudent as error:
                self.refused.append(Refused(member.name, member.problem or str(error)))
                continue
            pieces = students.setdefault(student, (place.student, []))[1]
            pieces.append(_Piece(archive, member, member.name, place.path, member.time))
        for student, (name, pieces) in students.items():
            try:
                self.collected.append(self._file(student, name, pieces))
            except _NotFiled as error:
                self._refuse(f"{on_one_line(name)}/", f"nothing was filed for {student}: {error}")
            except OSError as error:
                reason = f"nothing was filed for {student}: {error.strerror or error}"
                self._refuse(f"{on_one_line(name)}/", reason)

    def _refuse(self, member: str, reason: str) -> None:
        self.refused.append(Refused(member, reason))

    def _file(self, student: str, name: str, pieces: list[_Piece]) -> Collected:
        whose = f"what {student} handed in"
        budget = Budget(self._limits.student_bytes, whose, self._total)
        staged = None if self._staging is None else self._staging / student
        with ExitStack() as opened:
            pieces = self._unzipped(pieces, budget, opened)
            chosen = self._arranged(pieces)
            written = self._write(chosen, staged, budget)
        submitted = self._submitted(chosen)
        if staged is not None and submitted is not None:
            with _new_file(staged / TIMESTAMP) as write:
                write(f"{submitted:%Y-%m-%d %H:%M:%S} UTC\n".encode())
        action = self._put(student, staged, written)
        size = sum(one.size for one in written.values())
        return Collected(
            student, on_one_line(name), tuple(sorted(written)), size, submitted, action
        )

    def _unzipped(self, pieces: list[_Piece], budget: Budget, opened: ExitStack) -> list[_Piece]:
        """The pieces, with what is in a student's own zips in their place."""
        found: list[_Piece] = []
        most = self._limits.student_files
        count = 0
        for piece in pieces:
            count += 1
            if count > most:
                raise _NotFiled(f"there are more than {most} files")
            if not is_zip(piece.path) or piece.member.problem:
                found.append(piece)
                continue
            spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
            opened.callback(spool.close)
            try:
                for data in piece.archive.read(piece.member, budget):
                    spool.write(data)
                inner = Archive(spool, piece.path[-1], replace(self._limits, members=most - count))
            except (MemberError, ArchiveError) as error:
                self._refuse(piece.name, str(error))
                continue
            count += len(inner.members) + len(inner.refused)
            for one in inner.refused:
                self._refuse(f"{piece.name}: {one.member}", one.reason)
            for member in inner.members:
                if _is_clutter(member.parts):
                    continue
                if is_zip(member.parts):
                    self._refuse(f"{piece.name}: {member.name}", "a zip in a zip in the archive")
                    continue
                found.append(
                    _Piece(
                        inner, member, f"{piece.name}: {member.name}",
                        (*piece.path[:-1], *member.parts), piece.time,
                    )
                )  # fmt: skip
        return found

    def _arranged(self, pieces: list[_Piece]) -> dict[tuple[str, ...], _Piece]:
        """The pieces by where they go: the folder that holds the notebook becomes the top."""
        top = _folder_of_notebook([piece.path for piece in pieces], self._assignment)
        within = [(p.path[len(top) :], p) for p in pieces if p.path[: len(top)] == top]
        others = [(p.path, p) for p in pieces if p.path[: len(top)] != top]
        chosen: dict[tuple[str, ...], _Piece] = {}
        files: dict[tuple[str, ...], _Piece] = {}
        folders: dict[tuple[str, ...], _Piece] = {}
        for path, piece in within + others:
            key = same_name_key(path)
            above = [key[:depth] for depth in range(1, len(key))]
            same = files.get(key) or folders.get(key) or next(
                (files[folder] for folder in above if folder in files), None
            )  # fmt: skip
            if key == (TIMESTAMP,):
                self._refuse(piece.name, "the time is taken from the archive, not from a file")
            elif same is not None:
                self._refuse(
                    piece.name,
                    f"its place is taken by {same.name}, the same name or the same but for case "
                    "or accents' encoding",
                )
            else:
                chosen[path] = files[key] = piece
                folders.update({folder: piece for folder in above})
        return chosen

    def _write(
        self, chosen: dict[tuple[str, ...], _Piece], staged: Path | None, budget: Budget
    ) -> dict[str, _Written]:
        """Read every piece to its end, into ``staged`` if there is one."""
        written: dict[str, _Written] = {}
        lost: list[str] = []
        for path, piece in chosen.items():
            digest, size = hashlib.sha256(), 0
            try:
                with _new_file(staged and staged.joinpath(*path)) as write:
                    for data in piece.archive.read(piece.member, budget):
                        write(data)
                        digest.update(data)
                        size += len(data)
            except MemberError as error:
                self._refuse(piece.name, str(error))
                if _is_top_notebook(path):
                    lost.append(piece.name)
                continue
            written["/".join(path)] = _Written(size, digest.hexdigest())
        if f"{self._assignment}.ipynb" not in written and lost:
            # Another notebook of the student's, or none, would be taken for the submission.
            raise _NotFiled(f"its notebook {lost[0]} was refused")
        if not any(_is_top_notebook(tuple(name.split("/"))) for name in written):
            raise _NotFiled("its notebook was refused")
        return written

    def _submitted(self, chosen: dict[tuple[str, ...], _Piece]) -> datetime | None:
        """When the notebook was handed in that will be graded, or the last of them."""
        graded = chosen.get((f"{self._assignment}.ipynb",))
        if graded is not None:
            return graded.time
        times = [piece.time for path, piece in chosen.items() if _is_top_notebook(path)]
        return max((time for time in times if time is not None), default=None)

    def _put(self, student: str, staged: Path | None, written: dict[str, _Written]) -> str:
        """Put a complete submission into its place, and say what that changed."""
        target = self._course.folder("submitted", student, self._assignment)
        for folder in (target, *target.parents):
            if folder == self._base:
                break
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise _NotFiled(f"{folder} is there and is no folder; move it away")
        if not target.exists():
            action = "new"
        else:
            action = "unchanged" if _holds(target, written) else "replaced"
        if staged is None or action == "unchanged":
            return action
        if action == "new":
            _make_folders(target.parent)
            staged.rename(target)
        else:
            replace_folder(staged, target, keep=_free_name(target))
        return action


def _is_top_notebook(path: tuple[str, ...]) -> bool:
    return len(path) == 1 and path[0].casefold().endswith(".ipynb")


def _is_clutter(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part.casefold() in _CLUTTER for part in parts)


def _folder_of_notebook(paths: list[tuple[str, ...]], assignment: str) -> tuple[str, ...]:
    """The folder that holds the assignment's notebook: the outermost that does.

    Raises:
        _NotFiled: there is none, or more than one.
    """
    expected = f"{assignment}.ipynb"
    named = [path for path in paths if path[-1].casefold() == expected.casefold()]
    found = named or [path for path in paths if path[-1].casefold().endswith(".ipynb")]
    if not found:
        raise _NotFiled(f"there is no notebook; {expected} is missing")
    depth = min(len(path) for path in found)
    folders = sorted({path[:-1] for path in found if len(path) == depth})
    if len(folders) > 1:
        some = ", ".join("/".join(folder) for folder in folders[:3])
        what = expected if named else "a notebook, none of them " + expected
        raise _NotFiled(
            f"{len(folders)} folders hold {what} ({some}, …); if they are the students, pack them "
            "without the folder around them, and otherwise leave the one that counts"
        )
    return folders[0]


def _folder_of_students(course: Course, assignment: str) -> Path:
    """The folder under which every student has one."""
    parts = course.folder("submitted", "*", assignment).parts
    if "*" not in parts:
        raise ArchiveError(
            f"CourseDirectory.directory_structure is {course.structure!r}; to collect, "
            "{student_id} must be a folder of its own in it"
        )
    return Path(*parts[: parts.index("*")])


@contextmanager
def _staging(base: Path, dry_run: bool) -> Iterator[Path | None]:
    """A folder beside the students', of a name that nbgrader does not look at."""
    if dry_run:
        yield None
        return
    base.mkdir(parents=True, exist_ok=True)
    for stale in base.glob(f"{_STAGING}*"):
        shutil.rmtree(stale)  # of a run that was killed
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=base))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _new_file(path: Path | None) -> Iterator[Callable[[bytes], Any]]:
    """A file that is not there yet, to write to; gone again if an error ends it. None: no file."""
    if path is None:
        yield len
        return
    _make_folders(path.parent)
    try:
        with path.open("xb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        path.chmod(0o644)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _make_folders(folder: Path) -> None:
    """Make a folder, and those above it that are missing, with the rights 0755."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir()
    folder.chmod(0o755)


def _holds(folder: Path, written: dict[str, _Written]) -> bool:
    """Whether a folder has just these files, but for its time and for hidden ones."""
    there: dict[str, Path] = {}
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_symlink():
            return False
        if path.is_file() and not _is_clutter(parts) and parts != (TIMESTAMP,):
            there["/".join(parts)] = path
    return there.keys() == written.keys() and all(
        _digest(path) == written[name].digest for name, path in there.items()
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def _free_name(target: Path) -> Path:
    """A dot-name beside ``target`` that is free, for what stood there."""
    number = 1
    while (kept := target.with_name(f".replaced-{target.name}-{number}")).exists():
        number += 1
    return kept
