"""The rules of gamification: one file of numbers, the packaged one or the operator's."""

import tomllib
from importlib import resources
from math import isqrt
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

# A million for one thing: an award far beyond is a slip of the pen, and totals are sums.
Xp = Annotated[int, Field(ge=0, le=1_000_000)]
Whole = Annotated[int, Field(ge=1, le=1_000_000)]
Named = Annotated[str, Field(min_length=1, max_length=100)]

MASTERY_PREFIX = "mastery-"


class RulesError(Exception):
    """Rules that cannot be followed. The message is one line: which file, where, what is wrong."""


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class AnswerRules(_Table):
    """XP for an answer: right and the first to its question, right later, wrong."""

    right_first: Xp
    right_again: Xp
    tried: Xp


class MaterialRules(_Table):
    """XP for a completed material."""

    completed: Xp


class QuizRules(_Table):
    """XP for each right answer of a completed quiz; more than the maximum are not counted."""

    right_answer: Xp
    right_answers_max: Whole


class StreakRules(_Table):
    """XP for a day of study, by the days of the streak up to a maximum."""

    day: Xp
    days_max: Whole


class LevelRules(_Table):
    """XP in total that levels take."""

    step: Whole

    def begins_at(self, level: int) -> int:
        """The total XP a level begins at: 0 for level 1, then `step`, 3 `step`, 6 `step`, ..."""
        return self.step * level * (level - 1) // 2

    def reached_with(self, total_xp: int) -> int:
        """The level of a total: the greatest that begins at or below it."""
        return (1 + isqrt(1 + 8 * (total_xp // self.step))) // 2


class Achievement(_Table):
    """What all achievements have; the XP come by an `xp_earned` of their own."""

    id: Named
    name: Named
    xp: Xp


class StreakAchievement(Achievement):
    """Unlocked by so many local days of study in a row."""

    days: Whole


class AnswerAchievement(Achievement):
    """Unlocked by so many answers."""

    answers: Whole


class MasteryRules(_Table):
    """When a topic counts as mastered, and the XP for it."""

    right_answers: Whole
    accuracy: Annotated[float, Field(ge=0, le=1)]
    xp: Xp


class GamificationRules(_Table):
    """All rules. Whoever holds this may award; nothing else is configured anywhere."""

    answers: AnswerRules
    materials: MaterialRules
    quizzes: QuizRules
    streaks: StreakRules
    levels: LevelRules
    streak_achievements: tuple[StreakAchievement, ...]
    answer_achievements: tuple[AnswerAchievement, ...]
    topic_mastered: MasteryRules

    @model_validator(mode="before")
    @classmethod
    def _freeze_lists(cls, value: object) -> object:
        # TOML has lists only, and a frozen model is to hold nothing that can be changed.
        if not isinstance(value, dict):
            return value
        return {
            name: tuple(each) if isinstance(each, list) else each for name, each in value.items()
        }

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        ids = [each.id for each in (*self.streak_achievements, *self.answer_achievements)]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"achievements must have ids of their own: {', '.join(twice)} has not")
        taken = [each for each in ids if each.startswith(MASTERY_PREFIX)]
        if taken:
            raise ValueError(f"{taken[0]}: ids that begin with {MASTERY_PREFIX} are of topics")
        return self


def load_rules(path: Path | None = None) -> GamificationRules:
    """Read the rules from a TOML file, or the packaged ones.

    Every rule must be there: a file that leaves one out would change with each release. Raises
    RulesError.
    """
    if path is None:
        packaged = resources.files("ingestion.gamification") / "defaults.toml"
        return _parse(packaged.read_text(encoding="utf-8"), "defaults.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RulesError(
            f"{path}: cannot be read ({error.strerror}); see STUDY_GAMIFICATION"
        ) from error
    except UnicodeDecodeError as error:
        raise RulesError(f"{path}: is not text in UTF-8; see STUDY_GAMIFICATION") from error
    return _parse(text, str(path))


def _parse(text: str, name: str) -> GamificationRules:
    try:
        return GamificationRules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{name}: is no TOML: {error}") from error
    except ValidationError as error:
        first, *others = error.errors(include_url=False, include_context=False)
        where = ".".join(map(str, first["loc"]))
        more = f" (and {len(others)} more)" if others else ""
        what = first["msg"].removeprefix("Value error, ")
        raise RulesError(f"{name}: {f'{where}: ' if where else ''}{what}{more}") from error
