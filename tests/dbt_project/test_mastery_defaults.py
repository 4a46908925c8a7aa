"""The model that comes with the project: one, wherever it is written down."""

from bench.mastery.defaults import TARGET, write_macro
from quality.oracle.mastery_model import default_model


def test_oracle_and_sql_have_the_same_default_model() -> None:
    assert TARGET.read_text() == write_macro(dict(default_model()))
