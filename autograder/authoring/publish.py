"""The public tree: everything that students may see of a course, in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.authoring.public_files import (
    Files,
    PublicFilesError,
    check_for_leaks,
    notebooks,
    template,
    tools,
)
from autograder.authoring.start_here import readme
from autograder.lessons.model import Lesson

#: Says which files a publication wrote, so that the next one removes these and no others.
LIST = ".published.json"
_RUNNABLE = "binder/postBuild"


def public_tree(root: Path, lessons: list[Lesson], title: str) -> Files:
    """The files of the public tree of the course at ``root``, by path.

    Raises:
        PublicFilesError: a release is missing or stale, or something would leak.
        ProjectFileError: this installation lacks a file of the project.
    """
    files = tools("README.md")
    for name, data in notebooks(root, lessons).items():
        files[f"release/{name.split('.')[0]}/{name}"] = data
    files["README.md"] = readme(lessons, title).encode()
    files[".gitignore"] = template("gitignore").encode()
    files[".devcontainer/devcontainer.json"] = template("devcontainer.json").encode()
    files["binder/runtime.txt"] = template("runtime.txt").encode()
    files[_RUNNABLE] = template("postBuild").encode()
    check_for_leaks(lessons, files)
    return files


def publish(files: Files, target: Path) -> list[str]:
    """Make ``target`` hold the files; what an earlier publication wrote besides is removed.

    Anything else in it (``.git``, say) stays. Returns the paths that changed.

    Raises:
        PublicFilesError: there is something in it, and no publication made it.
    """
    earlier = _written_before(target)
    changed = []
    for name in sorted(earlier - set(files)):
        gone = target / name
        if gone.is_file():
            gone.unlink()
            changed.append(name)
            _remove_empty(gone.parent, target)
    for name, data in sorted(files.items()):
        path = target / name
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            changed.append(name)
        if name == _RUNNABLE:
            path.chmod(0o755)
    listed = json.dumps({"schema": 1, "files": sorted(files)}, indent=1) + "\n"
    (target / LIST).write_text(listed, encoding="utf-8")
    return changed


def _written_before(target: Path) -> set[str]:
    if not target.exists():
        return set()
    if not target.is_dir():
        raise PublicFilesError(f"{target} is a file; name a folder")
    try:
        listed = json.loads((target / LIST).read_text(encoding="utf-8"))
        return {name for name in listed["files"] if _is_within(name)}
    except FileNotFoundError:
        if any(path.name != ".git" for path in target.iterdir()):
            raise PublicFilesError(
                f"{target} is not empty and was made by no 'autograder publish'; name another "
                "folder, or an empty one"
            ) from None
        return set()
    except (ValueError, KeyError, TypeError) as error:
        raise PublicFilesError(f"{target / LIST} cannot be read ({error})") from error


def _is_within(name: str) -> bool:
    """A list that somebody changed must not lead out of the folder."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
