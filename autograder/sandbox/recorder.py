"""Records what the cells of a notebook show, in nbformat's words, within a limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Of the room for a cell's outputs, one part in so many is for the end of what is over the limit.
_TAIL = 4
#: After so many outputs, those over the limit are not even mentioned.
_MOST_OUTPUTS = 500


class Recorder:
    """The outputs of the running cell, in nbformat's words, with a limit on their size."""

    def __init__(self) -> None:
        self.start(1 << 20)

    def start(self, limit: int) -> None:
        """Forget the last cell; keep at most ``limit`` bytes of the next one's outputs."""
        self.outputs: list[dict[str, Any]] = []
        self.limit = limit
        self._used = 0
        self._clear_next = False
        self._left_out = 0
        self._tail: dict[str, str] = {}

    def finished(self) -> list[dict[str, Any]]:
        """The outputs; of streams over the limit the beginning and the end."""
        if self._left_out:
            kept = sum(map(len, self._tail.values()))
            note = f"\n[… {self._left_out - kept:,} characters were left out here …]\n"
            for name, words in self._tail.items():
                self._append(name, note + words)
            self._left_out, self._tail = 0, {}
        return self.outputs

    def add(self, output: dict[str, Any]) -> None:
        self._clear_if_asked()
        size = len(repr(output))
        if self._used + size > self.limit and output["output_type"] != "error":
            output = {
                "output_type": "stream",
                "name": "stdout",
                "text": f"[an output of {size:,} bytes was left out]\n",
            }
            size = len(repr(output))
            if len(self.outputs) > _MOST_OUTPUTS:
                return
        self._used += size
        self.outputs.append(output)

    def stream(self, name: str, text: str) -> None:
        """Append to the stream ``name``; past the limit, only the end is kept."""
        if not text:
            return
        self._clear_if_asked()
        room = max(self.limit - self.limit // _TAIL - self._used, 0)
        self._used += min(len(text), room)
        if room:
            self._append(name, text[:room])
        if len(text) > room:
            self._left_out += len(text) - room
            rest = text[max(room, len(text) - self.limit // _TAIL) :]
            self._tail[name] = (self._tail.get(name, "") + rest)[-(self.limit // _TAIL) :]

    def _append(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last.get("name") == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def clear(self, wait: bool) -> None:
        if wait:
            self._clear_next = True
        else:
            self.start(self.limit)

    def update(self, display_id: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        size = len(repr(data)) + len(repr(metadata))
        if size > self.limit:
            data = {"text/plain": f"[an output of {size:,} bytes was left out]"}
            metadata = {}
        for output in self.outputs:
            if output.get("display_id") == display_id:
                output.update(data=data, metadata=metadata)

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            self.start(self.limit)


class Stream:
    """``sys.stdout`` or ``sys.stderr`` of the student's code."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder, self.name = recorder, f"<{name}>"
        self._stream = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.stream(self._stream, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1 if self._stream == "stdout" else 2
