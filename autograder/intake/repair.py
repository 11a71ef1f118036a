"""Takes the cells out of a notebook file, however broken the file is."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from autograder.lessons.notebooks import EDITION_KEY
from autograder.lessons.python_source import parses
from autograder.protocol.plain_text import counted, for_file, quoted

#: A notebook with more lists and maps, or more commas, than this is not parsed: in memory each
#: takes fifty times its size in the file. Only outputs can hold so many.
MAX_CONTAINERS = 2_000_000
MAX_COMMAS = 8_000_000
#: A notebook with more cells than this is not read.
MAX_CELLS = 2_000
#: Cells in the middle of a file that may be broken before the rest of it is given up.
_MAX_DAMAGED = 8
_MAX_CONFLICTS = 1_000
_SIGNATURES = (
    (b"PK\x03\x04", "it is a zip archive or an Office document"),
    (b"\x1f\x8b", "it is a gzip archive"),
    (b"Rar!", "it is a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive"),
    (b"%PDF", "it is a PDF document"),
    (b"\x89PNG", "it is a picture"),
)
_WEB_PAGE = ("<!doctype", "<html", "<head", "<body", "<?xml")
_HAND_IN = "Hand in the .ipynb file itself."
_SAVE_AGAIN = "Save the notebook again, and hand in that file."
_CELLS = re.compile(r'"cells"\s*:\s*\[')
_BETWEEN_CELLS = re.compile(r"[\s,]*")
#: How a cell of a list begins in what Jupyter, VS Code and Colab write. (nbgrader's metadata begin
#: like that as well, but behind a colon.)
_NEXT_CELL = re.compile(r'[,\[}]\s*(?=\{\s*"(?:cell_type|attachments)"\s*:)')
_CONFLICT_MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: [^\n]*)?\r?(?:\n|\Z)", re.MULTILINE)


class BrokenFileError(Exception):
    """A file without cells. The message goes on after the file's name: "is not a notebook …"."""


@dataclass(frozen=True)
class Recovered:
    """The cells of a file, as nbformat 4 has them but without outputs; ``remarks`` say what was
    wrong with the file and what was done about it.

    ``lesson`` and ``release`` name the lesson and the edition of it that the notebook was made
    from, if its metadata still say so.
    """

    cells: tuple[dict[str, Any], ...]
    remarks: tuple[str, ...] = ()
    lesson: str = ""
    release: str = ""


def recover(raw: bytes) -> Recovered:
    """The cells in the bytes of a notebook file of any version, encoding and health.

    nbformat's own reader and converters stop at the first field that is missing, so cells are
    taken one by one.

    Raises:
        BrokenFileError: there are none, or more data than a notebook can hold.
    """
    remarks: list[str] = []
    text = _decode(raw, remarks)
    if text.count("{") + text.count("[") > MAX_CONTAINERS or text.count(",") > MAX_COMMAS:
        raise BrokenFileError("holds too much data to be read; clear its outputs.")
    notebook = _parse(text, remarks)
    listed = _listed_cells(notebook)
    if len(listed) > MAX_CELLS:
        raise BrokenFileError(f"holds more than {MAX_CELLS} cells.")
    cells = clean_cells(listed)
    if not cells:
        raise BrokenFileError(f"holds no cells. {_SAVE_AGAIN}")
    remarks += _about(listed)
    language = _language(notebook)
    if language and not language.lower().startswith(("python", "ipython")):
        remarks.append(
            f"The notebook says that it is written in {quoted(language)}; it was run as Python."
        )
    version = notebook.get("nbformat", 4)
    if version not in (2, 3, 4):
        remarks.append(f"The notebook has the format {quoted(version)}; it was read as format 4.")
    made_from = _map(_map(notebook.get("metadata")).get(EDITION_KEY))
    lesson, release = made_from.get("assignment"), made_from.get("release")
    return Recovered(
        tuple(cells),
        tuple(remarks),
        for_file(lesson) if isinstance(lesson, str) else "",
        for_file(release) if isinstance(release, str) else "",
    )


def clean_cells(listed: Iterable[Any]) -> list[dict[str, Any]]:
    """Cells of any version and health as plain ones of nbformat 4; what cannot be one is left out.

    What is kept is the id, the type, the source, the tags and nbgrader's plain values. Cleaning
    twice changes nothing.
    """
    return [_clean(cell) for cell in listed if isinstance(cell, dict)]


def one_side(text: str, side: int) -> str | None:
    """``text`` with each merge conflict in it resolved to its first (0) or second (1) side.

    None if it holds no conflict, one that does not end, or more than any merge leaves.
    """
    if not 0 < text.count("<<<<<<<") <= _MAX_CONFLICTS:
        return None
    kept: list[str] = []
    position, part, found = 0, "outside", False
    follows = {"outside": "<", "first": "|=", "base": "=", "second": ">"}
    becomes = {"<": "first", "|": "base", "=": "second", ">": "outside"}
    wanted = ("outside", ("first", "second")[side])
    for marker in _CONFLICT_MARKER.finditer(text):
        sign = marker[1][0]
        if sign not in follows[part]:  # a line of = signs underlines a heading, too
            continue
        if part in wanted:
            kept.append(text[position : marker.start()])
        position, part, found = marker.end(), becomes[sign], True
    if not found or part != "outside":
        return None
    return "".join([*kept, text[position:]])


def _decode(raw: bytes, remarks: list[str]) -> str:
    for signature, what in _SIGNATURES:
        if raw.startswith(signature):
            raise BrokenFileError(f"is not a Jupyter notebook: {what}. {_HAND_IN}")
    if not raw.strip(b"\0\t\n\r "):
        raise BrokenFileError(f"is not a Jupyter notebook: it is empty. {_SAVE_AGAIN}")
    encoding = json.detect_encoding(raw)
    try:
        # Of a file that is cut off, the last character may be half there.
        text = codecs.getincrementaldecoder(encoding)().decode(raw)
    except UnicodeDecodeError:
        return _decode_damaged(raw, encoding, remarks)
    if not encoding.startswith("utf-8"):
        remarks.append(f"The file was saved as {encoding[:6].upper()} instead of UTF-8.")
    return text


def _decode_damaged(raw: bytes, encoding: str, remarks: list[str]) -> str:
    """Bytes that are not in the encoding that they begin with."""
    text = raw.decode(encoding, "replace")
    unreadable = text.count("\ufffd")
    readable = len(text) - len(text.encode("ascii", "ignore")) - unreadable
    if encoding.startswith("utf-8") and readable < unreadable:
        remarks.append("The file was saved as Latin-1 (Windows-1252) instead of UTF-8.")
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    remarks.append(
        f"{counted(unreadable, 'place')} in the file could not be read as text; "
        "the character \ufffd stands there now."
    )
    return text


def _parse(text: str, remarks: list[str]) -> dict[str, Any]:
    """The JSON of a notebook, or as much of it as can be read."""
    try:
        return _as_notebook(_loads(text))
    except (ValueError, RecursionError) as error:
        reason = _reason(error)
    for side, name in enumerate(("first", "second")):
        resolved = one_side(text, side)
        if resolved is None:
            continue
        try:
            notebook = _as_notebook(_loads(resolved))
        except (ValueError, RecursionError):
            continue
        remarks.append(
            f"The file holds a merge conflict of Git (<<<<<<<); the {name} side of it was taken."
        )
        return notebook
    resolved = one_side(text, 0)
    cells, remark = _whole_cells(text if resolved is None else resolved, reason)
    if not cells:
        raise BrokenFileError(f"is not a Jupyter notebook: {_what_it_is(text, reason)}")
    remarks.append(remark)
    return {"cells": cells}


def _loads(text: str) -> Any:
    # Not strict: a line break inside a string is no reason to refuse the notebook.
    return json.JSONDecoder(strict=False).decode(text)


def _as_notebook(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and isinstance(value.get("cells", value.get("worksheets")), list):
        return value
    raise BrokenFileError(
        f"is not a Jupyter notebook: it is JSON, but holds no list of cells. {_HAND_IN}"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "a number in it has too many digits"


def _whole_cells(text: str, reason: str) -> tuple[list[Any], str]:
    """The whole cells in the text of a broken notebook, and a sentence about them."""
    start = _CELLS.search(text)
    if start is None:
        return [], ""
    decoder = json.JSONDecoder(strict=False)
    cells: list[Any] = []
    damaged: list[int] = []
    position = start.end()
    while True:
        between = _BETWEEN_CELLS.match(text, position)
        position = between.end() if between else position
        sign = text[position : position + 1]
        if sign in ("", "]"):
            break
        if sign == "{":
            with contextlib.suppress(ValueError, RecursionError):
                cell, position = decoder.raw_decode(text, position)
                cells.append(cell)
                continue
        damaged.append(len(cells) + len(damaged) + 1)
        following = _NEXT_CELL.search(text, position)
        if following is None or len(damaged) > _MAX_DAMAGED:
            break
        position = following.end()
    return cells, _about_damage(len(cells), damaged, reason)


def _about_damage(whole: int, damaged: list[int], reason: str) -> str:
    if not damaged:
        where = f"is damaged behind its last cell ({reason})"
        which = "that cell" if whole == 1 else f"its {whole} cells"
    elif damaged[0] > whole:
        where, which = (
            f"breaks off in cell {damaged[0]}",
            f"the {counted(whole, 'cell')} before it",
        )
    else:
        where = f"is damaged in cell {' and '.join(map(str, damaged))}"
        which = f"the other {counted(whole, 'cell')}"
    return (
        f"The file {where}; {which} {'was' if whole == 1 else 'were'} read. "
        "If something is missing, save the notebook again and hand in that file."
    )


def _what_it_is(text: str, reason: str) -> str:
    beginning = text[:1000].lstrip().lower()
    if beginning.startswith(_WEB_PAGE):
        return f"it is a web page. {_HAND_IN}"
    if beginning.startswith("version https://git-lfs"):
        return f"it is a pointer of Git LFS to a file that is elsewhere. {_HAND_IN}"
    if not beginning.startswith(("{", "[")) and parses(text):
        return f"it is a Python script. {_HAND_IN}"
    if beginning.startswith(("{", "[")):
        return f"its JSON is broken ({reason}), and no whole cell can be found in it. {_SAVE_AGAIN}"
    return f"it is no JSON ({reason}). {_HAND_IN}"


def _listed_cells(notebook: dict[str, Any]) -> list[Any]:
    """The cells as the file lists them; up to nbformat 3, by worksheets."""
    if isinstance(notebook.get("cells"), list):
        return list(notebook["cells"])
    listed: list[Any] = []
    for sheet in notebook["worksheets"]:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            listed += sheet["cells"]
    return listed


def _clean(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = _map(cell.get("metadata"))
    kept: dict[str, Any] = {}
    nbgrader, tags = metadata.get("nbgrader"), metadata.get("tags")
    if isinstance(nbgrader, dict):
        kept["nbgrader"] = {
            key: for_file(value) if isinstance(value, str) else value
            for key, value in nbgrader.items()
            if isinstance(key, str) and isinstance(value, (str, int, float, bool))
        }
    if isinstance(tags, list):
        kept["tags"] = [for_file(tag) for tag in tags if isinstance(tag, str)]
    own = cell.get("id")
    kind = cell.get("cell_type")
    source = _source(cell)
    if kind == "heading":  # up to nbformat 3
        level = cell.get("level")
        source = "#" * (level if type(level) is int and 1 <= level <= 6 else 1) + " " + source
    return {
        "id": for_file(own) if isinstance(own, str) else "",
        "cell_type": _type(cell),
        "metadata": kept,
        "source": source,
    }


def _map(value: Any) -> dict[str, Any]:
    """``value`` if it is a map, as it should be; else an empty one."""
    return value if isinstance(value, dict) else {}


def _type(cell: dict[str, Any]) -> str:
    kind = cell.get("cell_type")
    if kind in ("code", "markdown", "raw"):
        return str(kind)
    if kind in ("heading", "html"):  # up to nbformat 3
        return "markdown"
    is_code = any(key in cell for key in ("outputs", "execution_count", "input"))
    return "code" if is_code else "markdown"


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input"))  # a code cell's "input" up to nbformat 3
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return for_file(source) if isinstance(source, str) else ""


def _about(listed: list[Any]) -> Iterator[str]:
    """A sentence about entries that are no cells, and one about cells whose source is no text."""
    strange = [number for number, cell in enumerate(listed, 1) if not isinstance(cell, dict)]
    silent = [
        number
        for number, cell in enumerate(listed, 1)
        if number not in strange
        and not isinstance(cell.get("source", cell.get("input")), (str, list))
    ]
    if strange:
        yield f"Left out, because it is no cell: {_some(strange)} in the notebook's list of cells."
    if silent:
        yield f"Taken as empty, because it holds no text: cell {_some(silent)} of the notebook."


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")


def _language(notebook: dict[str, Any]) -> str:
    """The programming language that the notebook's metadata names, if any."""
    metadata = _map(notebook.get("metadata"))
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        language = _map(metadata.get(part)).get(key)
        if isinstance(language, str) and language:
            return language
    return ""
