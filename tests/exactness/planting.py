"""Defects planted in a copy of the dbt project, as a tired engineer would leave them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Defect:
    """A replacement of text in one file of the project: what it is, and where it breaks the law."""

    name: str
    file: str
    old: str
    new: str

    def plant(self, project: Path) -> None:
        """Put the defect into a copy of the project; the text has to be there exactly once."""
        path = project / self.file
        text = path.read_text()
        found = text.count(self.old)
        assert found == 1, f"{self.name}: the text to replace is {found} times in {self.file}"
        path.write_text(text.replace(self.old, self.new))
