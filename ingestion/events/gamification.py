"""Gamification: XP, levels, achievements, streaks. The app's doing, not the learner's."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties
from ingestion.events.fields import Count, Days, Identifier, Name, Xp

FAMILY = "gamification"


class XpEarned(Properties):
    """An award of XP."""

    xp_amount: Xp = Field(description="XP awarded by this event; these add up.", examples=[10])
    xp_source: Name | None = Field(
        default=None,
        description="What it was awarded for; an open list (`question_correct`, "
        "`material_complete`, `streak`).",
        examples=["question_correct"],
    )
    new_total_xp: Xp | None = Field(
        default=None,
        description="Total after the award, says the client; kept beside what we derive.",
        examples=[1_240],
    )


class LevelUp(Properties):
    """A new level."""

    old_level: Count | None = Field(default=None, description="Level before.", examples=[4])
    new_level: Count = Field(description="Level reached.", examples=[5])
    total_xp: Xp | None = Field(
        default=None, description="Total XP at that moment, says the client.", examples=[1_250]
    )


class AchievementUnlocked(Properties):
    """An achievement."""

    achievement_id: Identifier = Field(description="The achievement.", examples=["streak-7"])
    achievement_name: Name | None = Field(
        default=None, description="Its name as shown.", examples=["7-day streak"]
    )
    achievement_type: Literal["streak", "mastery", "milestone"] | None = Field(
        default=None, description="Kind of achievement.", examples=["streak"]
    )
    xp_reward: Xp | None = Field(
        default=None,
        description="XP that comes with it; counted only by its own `xp_earned`.",
        examples=[50],
    )


class Streak(Properties):
    """A run of study days, as the app counts it."""

    old_streak: Days | None = Field(default=None, description="Length before.", examples=[6])
    new_streak: Days | None = Field(
        default=None, description="Length now; 0 if broken.", examples=[7]
    )
    is_new_record: bool | None = Field(
        default=None, description="Longer than any before.", examples=[True]
    )


EVENT_TYPES = (
    EventType(
        name="xp_earned",
        family=FAMILY,
        description="XP were awarded.",
        when="Automatically after an activity: material completed, question right, streak.",
        where="Backend, after the activity's own event.",
        properties=XpEarned,
    ),
    EventType(
        name="level_up",
        family=FAMILY,
        description="A level was reached.",
        when="The learner reaches a new level.",
        where="Backend, after an XP award crosses the level's threshold.",
        properties=LevelUp,
    ),
    EventType(
        name="achievement_unlocked",
        family=FAMILY,
        description="An achievement was unlocked.",
        when="The learner unlocks an achievement: first question, 7-day streak.",
        where="Backend, achievement detection after event processing.",
        properties=AchievementUnlocked,
    ),
    EventType(
        name="streak_continued",
        family=FAMILY,
        description="The streak of study days grew.",
        when="Daily check-in, or the first study event of a local day.",
        where="`POST /api/gamification/checkin` (daily); backend, after the activity's own event.",
        properties=Streak,
    ),
    EventType(
        name="streak_broken",
        family=FAMILY,
        description="The streak of study days ended.",
        when="A day was missed.",
        where="Backend, hourly job that detects broken streaks at the learner's own midnight "
        "(00:00 UTC without a timezone).",
        properties=Streak,
    ),
)
