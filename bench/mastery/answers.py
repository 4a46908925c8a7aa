"""The answers of a data set, read from a file as it comes."""

from pathlib import Path

import numpy as np
import pandas as pd

NEEDED = ("user_id", "item_id", "correct")
_RIGHT = {"true", "t", "yes", "y", "correct"}
_WRONG = {"false", "f", "no", "n", "incorrect"}
# A learner may be called so; a skill called so is none.
_NO_SKILL = {"", "na", "n/a", "nan", "none", "null"}
# Units of whole-number timestamps by their size: above it they are that unit, not seconds.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
# What a difference between two times may be; broken clocks must not leave the database's calendar.
_LONGEST_SECONDS = 100 * 365 * 86_400.0


class DataError(Exception):
    """A file that is no data set, told in one line."""


def read_answers(file: Path, kind: str) -> pd.DataFrame:
    """Read a file into one row per answer, in the order in which each learner gave them.

    `kind`: `csv` (columns user_id, item_id, skill_id, timestamp, correct, and if there is one,
    split), or `lkt`. Compressed files are read by their names.
    Returns user, item (text), skill (text or null), seconds (float, from the first answer of all),
    right (0 or 1), split (`train`, `test` or null). Its `attrs` count the rows `left_out`, for they
    say not whose they are or whether right, and those `joined` to the row before.
    Raises DataError where columns are missing or no row says whether it was right.
    """
    try:
        # Whatever bytes a name has: it is only held against others.
        rows = pd.read_csv(
            file,
            dtype=str,
            encoding="utf-8-sig",
            encoding_errors="replace",
            keep_default_na=False,
            na_values=[""],
        )
    except (OSError, EOFError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{file} cannot be read as CSV: {reason}") from error
    return arrange(_of_lkt(rows) if kind == "lkt" else rows)


def arrange(rows: pd.DataFrame) -> pd.DataFrame:
    """Bring rows of text into the columns of `read_answers`."""
    missing = [name for name in NEEDED if name not in rows.columns]
    if missing:
        raise DataError(
            f"columns are missing: {', '.join(missing)}; needed are {', '.join(NEEDED)}, by commas"
        )
    skill = rows.get("skill_id", pd.Series(None, index=rows.index, dtype=object))
    skill = skill.mask(skill.fillna("").str.strip().str.lower().isin(_NO_SKILL), None)
    answers = pd.DataFrame(
        {
            "user": rows["user_id"],
            # A question nobody named is known by its skill.
            "item": rows["item_id"].fillna("skill " + skill.fillna("")),
            "skill": skill,
            "seconds": _read_seconds(rows),
            "right": _read_right(rows["correct"]),
            "split": rows.get("split", pd.Series(None, index=rows.index, dtype=object)),
        }
    )
    answers = answers.dropna(subset=["user", "right"])
    left_out = len(rows) - len(answers)
    if answers.empty:
        raise DataError("no row says whose it is and whether it was right (1 or 0)")
    answers["split"] = _read_split(answers["split"])
    answers["right"] = answers["right"].astype("int64")
    # Rows of one time keep their order: it is all that is known of what came first.
    answers = answers.sort_values(["user", "seconds"], kind="stable").reset_index(drop=True)
    joined = _join_skills(answers)
    joined.attrs = {"left_out": left_out, "joined": len(answers) - len(joined)}
    return joined


def _join_skills(answers: pd.DataFrame) -> pd.DataFrame:
    """Take an answer that is told once for each of its skills for one, of all of them together.

    Told twice, the first telling would foretell the second, and every figure would be too good.
    Without times nothing says that two rows are one answer.
    """
    if answers["seconds"].nunique() < 2:
        return answers
    before = answers.shift()
    again = answers["skill"].notna() & before["skill"].notna()
    for name in ("user", "item", "seconds", "right"):
        again &= answers[name] == before[name]
    # A skill met already is another answer to the question, not another skill of the same.
    answer = (~again).cumsum()
    answer = (~again | answers.assign(answer=answer).duplicated(["answer", "skill"])).cumsum()
    if answer.iloc[-1] == len(answers):
        return answers
    told = answer.duplicated(keep=False)
    skills = answers["skill"].copy()
    skills[told] = (
        skills[told].groupby(answer[told]).transform(lambda each: "~~".join(sorted(each)))
    )
    return answers.assign(skill=skills)[~answer.duplicated()].reset_index(drop=True)


def _read_right(told: pd.Series) -> pd.Series:
    """1 or 0, and nothing where it is neither: half right is not an answer to foretell."""
    word = told.str.strip().str.lower()
    right = pd.to_numeric(word, errors="coerce")
    right = right.mask(word.isin(_RIGHT), 1.0).mask(word.isin(_WRONG), 0.0)
    return right.where(right.isin([0.0, 1.0])).astype("float64")


def _read_seconds(rows: pd.DataFrame) -> pd.Series:
    """Seconds since the first of all; a time that is none is that of the learner's row before."""
    if "timestamp" not in rows.columns:
        return pd.Series(0.0, index=rows.index)
    numbers = pd.to_numeric(rows["timestamp"], errors="coerce")
    numbers = numbers.where(np.isfinite(numbers))
    if numbers.notna().any():
        largest = numbers.abs().max()
        seconds = numbers / next((unit for above, unit in _UNITS if largest > above), 1.0)
    else:
        times = pd.to_datetime(rows["timestamp"], errors="coerce", utc=True, format="ISO8601")
        if times.isna().all():
            times = pd.to_datetime(rows["timestamp"], errors="coerce", utc=True, format="mixed")
        # In seconds: nanoseconds reach no further than from 1677 to 2262.
        begin, second = pd.Timestamp(0, unit="s", tz="UTC"), pd.Timedelta(1, unit="s")
        seconds = (times - begin) / second
    if seconds.isna().all():
        return pd.Series(0.0, index=rows.index)
    seconds = seconds - seconds.min()
    by_learner = seconds.groupby(rows["user_id"], dropna=False)
    return pd.Series(by_learner.ffill().fillna(0.0).clip(0.0, _LONGEST_SECONDS))


def _read_split(split: pd.Series) -> pd.Series:
    if split.isna().all():
        return split
    word = split.astype(str).str.strip().str.lower()
    return pd.Series(np.where(word == "test", "test", "train"), index=split.index, dtype=object)


def _of_lkt(rows: pd.DataFrame) -> pd.DataFrame:
    """Take a trial that only showed the answer for what it is: no answer."""
    if missing := [name for name in ("outcome", "kc_cluster") if name not in rows.columns]:
        raise DataError(f"this is not LKT: columns are missing: {', '.join(missing)}")
    return rows.rename(columns={"kc_cluster": "skill_id", "outcome": "correct"})
