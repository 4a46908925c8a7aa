"""Write what others read of the tracking plan: the page, the JSON Schemas, the values dbt tests.

python -m ingestion.events.generate           # write the files
python -m ingestion.events.generate --check   # exit 1 and name those that are stale
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingestion.events import gamification
from ingestion.events.document import render_document
from ingestion.events.plan import PLAN
from ingestion.events.schemas import build_schema, enumerated_values

_ROOT = Path(__file__).parents[2]
_SCHEMAS = "docs/schemas"
_COMMAND = "python -m ingestion.events.generate"


def render_files() -> dict[str, str]:
    """Render every generated file: path from the project's root, and content."""
    return {
        "docs/events.md": render_document(),
        "dbt_project/macros/tracking_plan.sql": _render_macro(_collect_values()),
        **{
            f"{_SCHEMAS}/{name}.json": json.dumps(build_schema(event_type), indent=2) + "\n"
            for name, event_type in PLAN.items()
        },
    }


def find_stale(root: Path) -> list[str]:
    """Name the files that differ from the plan, are missing, or belong to no event type."""
    files = render_files()
    stale = [path for path, content in files.items() if _read(root / path) != content]
    present = {f"{_SCHEMAS}/{path.name}" for path in (root / _SCHEMAS).glob("*.json")}
    return sorted([*stale, *(present - files.keys())])


def write_files(root: Path) -> list[str]:
    """Bring the files in line with the plan and name those that changed."""
    files = render_files()
    stale = find_stale(root)
    for path in stale:
        target = root / path
        if path not in files:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(files[path], encoding="utf-8")
    return stale


def main(arguments: Sequence[str], root: Path = _ROOT) -> int:
    """Run the command; 0 if all is current or was written, 1 if `--check` found stale files."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    stale = find_stale(root) if check else write_files(root)
    for path in stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {path}\n")
    if check and stale:
        sys.stdout.write(f"the tracking plan has changed: run `{_COMMAND}` and commit\n")
        return 1
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _collect_values() -> dict[str, list[str]]:
    values = {
        "event_type": list(PLAN),
        "gamification_event_type": [
            name for name, event_type in PLAN.items() if event_type.family == gamification.FAMILY
        ],
    }
    for event_type in PLAN.values():
        for name, accepted in enumerated_values(event_type).items():
            if values.setdefault(name, accepted) != accepted:
                raise ValueError(f"two event types disagree on the values of {name}")
    return values


def _render_macro(values: Mapping[str, list[str]]) -> str:
    lines = [
        f"{{# Generated from ingestion/events by `{_COMMAND}`: do not edit. #}}",
        "{# The values each column may have, for accepted_values tests and for models. #}",
        "{% macro tracking_plan_values() %}",
        "    {{ return({",
    ]
    for name, accepted in values.items():
        lines.append(f"        '{name}': [")
        lines.extend(f"            '{value}'," for value in accepted)
        lines.append("        ],")
    return "\n".join([*lines, "    }) }}", "{% endmacro %}", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
