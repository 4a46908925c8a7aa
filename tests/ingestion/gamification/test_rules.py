"""The file of rules: whole, of numbers that make sense, and errors of one line that say where."""

import re
from importlib import resources
from pathlib import Path

import pytest

from ingestion.gamification.rules import GamificationRules, LevelRules, RulesError, load_rules

DEFAULTS = (resources.files("ingestion.gamification") / "defaults.toml").read_text()


def test_packaged_rules_are_the_default() -> None:
    rules = load_rules()
    assert (rules.answers.right_first, rules.answers.right_again, rules.answers.tried) == (10, 5, 2)
    assert [each.days for each in rules.streak_achievements] == [3, 7, 30]
    assert [each.answers for each in rules.answer_achievements] == [1, 100, 500, 1000]


def test_every_number_of_the_packaged_rules_is_explained() -> None:
    tables = re.split(r"\n(?=# .*\n(?:#.*\n)*\[|\[)", DEFAULTS)
    bare = [
        table
        for table in tables
        if re.search(r"^\w+ = ", table, re.MULTILINE) and "#" not in table and "_ach" not in table
    ]
    assert bare == []


def test_operators_file_holds_instead(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(DEFAULTS.replace("right_first = 10", "right_first = 12"))
    assert load_rules(file).answers.right_first == 12


def test_levels_begin_where_their_steps_add_up() -> None:
    levels = LevelRules(step=100)
    assert [levels.begins_at(level) for level in range(1, 6)] == [0, 100, 300, 600, 1000]
    assert [levels.reached_with(xp) for xp in (0, 99, 100, 299, 300, 999, 1000)] == [
        1,
        1,
        2,
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("right_first = 10", "", "answers.right_first: Field required"),
        ("right_first = 10", "right_first = -1", "answers.right_first: .*greater than or equal"),
        ("right_first = 10", "right_first = 1.5", "answers.right_first: .*valid integer"),
        ("right_first = 10", "right_first = true", "answers.right_first: .*valid integer"),
        ("right_first = 10", "right_frist = 10", "answers.right_first.*1 more"),
        ("step = 100", "step = 0", "levels.step: "),
        ("accuracy = 0.75", "accuracy = 75.0", "topic_mastered.accuracy: "),
        ("[levels]", "[levels", "is no TOML: "),
        ('id = "streak-7"', 'id = "streak-3"', "ids of their own: streak-3 has not"),
        ('id = "streak-7"', 'id = "mastery-7"', "mastery-7: ids that begin with mastery-"),
        ('id = "streak-7"', 'id = ""', "streak_achievements.1.id: "),
    ],
)
def test_wrong_rules_are_named_in_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "rules.toml"
    assert old in DEFAULTS
    file.write_text(DEFAULTS.replace(old, new))
    with pytest.raises(RulesError, match=words) as caught:
        load_rules(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"absent\.toml: cannot be read .*STUDY_GAMIFICATION"):
        load_rules(tmp_path / "absent.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match=r"binary\.toml: is not text in UTF-8"):
        load_rules(binary)


def test_rules_cannot_be_changed_while_they_hold() -> None:
    rules: GamificationRules = load_rules()
    with pytest.raises(ValueError, match="frozen"):
        rules.answers.tried = 100  # type: ignore[misc]
