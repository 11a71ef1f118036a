"""What marks were made from: kept with them, and held against what there is now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Provenance:
    """What the marks of one submission were made from.

    ``inputs`` is the digest of the files and of everything else (``jobs.inputs_digest``);
    ``submission`` that of what was read from them; ``environment`` that of what judged; ``keys``
    are those of the marks, by cell.
    """

    inputs: str
    submission: str = ""
    environment: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Provenance:
        """What :meth:`to_dict` made.

        Raises:
            TypeError: another version made it.
        """
        return cls(**record)

    def is_of_same_submission(self, other: Provenance) -> bool:
        """Whether single marks of one may stand for those of the other."""
        mine, theirs = (self.submission, self.environment), (other.submission, other.environment)
        return bool(self.submission) and mine == theirs
