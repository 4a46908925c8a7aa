"""How a fault is written down."""

from types import ModuleType

Fault = tuple[str, str, list[str]]
"""The mart, the check that must find it, the statements that plant it."""


def faults(table: str, planted: dict[str, list[list[str]]]) -> list[Fault]:
    return [
        (table, check, statements) for check, several in planted.items() for statements in several
    ]


def required(mart: ModuleType) -> list[str]:
    return [name for name in mart.COLUMNS if name not in mart.NULLABLE]


def set_each(table: str, where: str, value: str, *columns: str) -> list[list[str]]:
    return [[f"update marts.{table} set {name} = {value} where {where}"] for name in columns]
