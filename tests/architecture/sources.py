"""The project's own files, as the laws below look at them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ingestion", "quality", "orchestration")
TEXTS = {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".js", ".ts"}
NOT_OURS = {"target", "logs", "__pycache__", "node_modules"}


def python_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def written_files() -> Iterator[Path]:
    """Every source that people write and read."""
    for folder in (*PACKAGES, "dbt_project", "tests", "docs", "bench"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in TEXTS and not NOT_OURS.intersection(path.parts):
                yield path


def imported_packages(source: str) -> set[str]:
    """Top-level packages a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def environment_reads(source: str) -> list[int]:
    """Lines on which a module touches the environment."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        named = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"}
        imported = isinstance(node, ast.ImportFrom) and any(
            name.name in {"environ", "getenv", "EnvVar", "BaseSettings"} for name in node.names
        )
        dagster = isinstance(node, ast.Attribute) and node.attr == "EnvVar"
        if named or imported or dagster:
            lines.append(getattr(node, "lineno", 0))
    return lines
