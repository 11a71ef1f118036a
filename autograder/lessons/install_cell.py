"""The cell that installs what a notebook imports on Colab and Kaggle, and does nothing elsewhere.

It stands before the first code cell of every notebook. It belongs to no author and to no student:
it is never run when a notebook is graded. It binds one name only, so that nothing that a student
writes can come to depend on it.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.lessons.model import Cell, Lesson

#: Read-only and folded: JupyterLab then shows the first line, Colab the title. Nothing of
#: nbgrader's: it refuses a notebook with more cells of its own than the one graded before.
METADATA = {
    "cellView": "form", "deletable": False, "editable": False, "jupyter": {"source_hidden": True},
}  # fmt: skip
_SOURCE = '''\
# @title On Colab and Kaggle, this cell installs what is needed; elsewhere it does nothing.
def install_on_colab_or_kaggle(url={url!r}):
    """Install what this notebook imports; anywhere else than on Colab and Kaggle, do nothing."""
    import os, shutil, sys, tempfile, zipfile
    from pathlib import Path

    if "google.colab" not in sys.modules and "KAGGLE_KERNEL_RUN_TYPE" not in os.environ:
        return
    kaggle = Path("../input")  # where Kaggle unpacks what you upload
    zips = [p for p in (*Path().glob("*.zip"), *kaggle.glob("**/*.zip")) if zipfile.is_zipfile(p)]
    found = [p for p in zips if "/nnlab/__init__.py" in " ".join(zipfile.ZipFile(p).namelist())]
    for folder in kaggle.glob("**/nnlab"):
        found.append(shutil.copytree(folder.parent, Path(tempfile.mkdtemp()) / "course"))
    where = (found or [url])[0]
    if not where:
        raise FileNotFoundError("Upload {name}.zip, which came with this notebook; run me again.")
    %pip install --quiet "{{where}}"


install_on_colab_or_kaggle()'''


def with_install_cell(lesson: Lesson, url: str) -> Lesson:
    """The lesson with the cell before its first code cell, if it has code.

    Args:
        url: what pip can install: the address of a hand-out or of the public tree's archive.
            Without one the cell asks for the hand-out's zip file.
    """
    cell = Cell("install", _SOURCE.format(url=url, name=lesson.name), 0)
    first = next((index for index, one in enumerate(lesson.cells) if one.is_code), None)
    if first is None:
        return lesson
    cells = (*lesson.cells[:first], cell, *lesson.cells[first:])
    return replace(lesson, cells=cells, install_from=url)
