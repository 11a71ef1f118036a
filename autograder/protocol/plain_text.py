"""A stranger's text on its way to a terminal, a file, a page or a spreadsheet.

Every text that a submission, an archive or a process on the student's side has written passes one
of these functions before a person, a file or the trusted side's own data gets it.
"""

from __future__ import annotations

#: The most characters of a text that is not data: a name, a message.
MAX_TEXT = 20_000
#: Values of a stranger's file that are shown in a sentence.
_SHOWN_IN_SENTENCES = (int, float, type(None))
#: The end of words that were too long.
_CUT = " …"


def for_person(value: str, limit: int = MAX_TEXT) -> str:
    """Words for a person: nothing that steers a terminal or hides text, at most ``limit`` long.

    Line breaks and tabs stay. Anything else that cannot be printed becomes U+FFFD.
    """
    kept = (c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in value)
    return shortened("".join(kept), limit)


def for_file(value: str) -> str:
    """Text that a file and Python's parser can take.

    JSON can name half a character (a lone surrogate), and NUL; Windows' line ends become ``\\n``.
    """
    return encodable(value).replace("\0", "\ufffd").replace("\r\n", "\n")


def on_one_line(name: str | bytes, limit: int = 200) -> str:
    """A name that is safe to print: one line, what cannot be printed is escaped, not too long."""
    if isinstance(name, bytes):
        name = name.decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(value: object, limit: int = 60) -> str:
    """A value of a stranger's file within a sentence: short, in quotes, of printable characters."""
    if isinstance(value, str):
        value = value[: limit + 1]
    elif not isinstance(value, _SHOWN_IN_SENTENCES):
        return "a strange value"
    words = repr(value)
    return words if len(words) <= limit else words[: limit - 1] + "…"


def field(value: object, limit: int = MAX_TEXT) -> str:
    """A message's field as text of bounded length, whatever came; empty for what is no text."""
    return shortened(encodable(value), limit) if isinstance(value, str) else ""


def encodable(value: str) -> str:
    """``value`` with a question mark for each character that UTF-8 has no bytes for."""
    return value.encode("utf-8", "replace").decode()


def shortened(value: str, limit: int) -> str:
    """At most ``limit`` characters of ``value``, and a mark where some are missing."""
    return value if len(value) <= limit else value[:limit] + _CUT


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number and its noun: "1 file", "2 files"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def listed(names: list[str], longest: int = 8) -> str:
    """Names in a sentence; of many, the first, and how many more there are."""
    more = len(names) - longest
    return ", ".join(names[:longest]) + (f" and {more} more" if more > 0 else "")


def in_bytes(count: int) -> str:
    """A number of bytes for people."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
