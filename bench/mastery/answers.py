"""The answers of a data set, read from a file as it comes."""

from pathlib import Path

import numpy as np
import pandas as pd

NEEDED = ("user_id", "item_id", "correct")
_RIGHT = {"1", "1.0", "true", "t", "yes", "y", "correct"}
_WRONG = {"0", "0.0", "false", "f", "no", "n", "incorrect"}
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
    right (0 or 1), split (`train`, `test` or null).
    Raises DataError where columns are missing or no row says whether it was right.
    """
    try:
        # Whatever bytes a name has: it is only held against others.
        rows = pd.read_csv(file, dtype=str, encoding="utf-8-sig", encoding_errors="replace")
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    return arrange(_of_lkt(rows) if kind == "lkt" else rows)


def arrange(rows: pd.DataFrame) -> pd.DataFrame:
    """Bring rows of text into the columns of `read_answers`."""
    missing = [name for name in NEEDED if name not in rows.columns]
    if missing:
        raise DataError(f"columns are missing: {', '.join(missing)}")
    word = rows["correct"].str.strip().str.lower()
    right = pd.Series(np.nan, index=rows.index).mask(word.isin(_RIGHT), 1.0)
    right = right.mask(word.isin(_WRONG), 0.0)
    skill = rows.get("skill_id", pd.Series(None, index=rows.index, dtype=object))
    answers = pd.DataFrame(
        {
            "user": rows["user_id"],
            # A question nobody named is known by its skill.
            "item": rows["item_id"].fillna("skill " + skill.fillna("")),
            "skill": skill,
            "seconds": _read_seconds(rows),
            "right": right,
            "split": rows.get("split", pd.Series(None, index=rows.index, dtype=object)),
        }
    )
    answers = answers.dropna(subset=["user", "right"])
    if answers.empty:
        raise DataError("no row says whose it is and whether it was right (1 or 0)")
    answers["split"] = _read_split(answers["split"])
    answers["right"] = answers["right"].astype("int64")
    # Rows of one time keep their order: it is all that is known of what came first.
    return answers.sort_values(["user", "seconds"], kind="stable").reset_index(drop=True)


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
        seconds = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
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
