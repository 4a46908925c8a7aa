"""The benchmark of mastery on data sets as they come: odd names, times, splits, few answers."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest

from bench.mastery.__main__ import tell_changed
from bench.mastery.answers import DataError, arrange, read_answers
from bench.mastery.baselines import BASELINES
from bench.mastery.learners import HELD_OUT, share_out
from bench.mastery.repeats import count_evidence
from bench.mastery.report import TITLES, measure
from orchestration.mastery.figures import judge
from orchestration.mastery.fitting import fit


def draw(
    learners: int = 12, answers: int = 25, columns: dict[str, str | None] | None = None
) -> pd.DataFrame:
    """Answers as a file has them, all text: the able learners are right more often."""
    dice = Random(7)
    rows = [
        {
            "user_id": f"u{learner}",
            "item_id": f"i {number % 9}",
            "skill_id": f"s{number % 3}",
            "timestamp": str(1_700_000_000 + 1_000 * number),
            "correct": str(int(dice.random() < (learner + 1) / (learners + 2))),
        }
        for learner in range(learners)
        for number in range(answers)
    ]
    return pd.DataFrame(rows, dtype=str).assign(**(columns or {}))


def test_times_are_read_whatever_they_are_written_as() -> None:
    rows = draw(2, 3)
    second = rows["timestamp"].astype("int64")
    iso = pd.to_datetime(second, unit="s", utc=True).map(lambda at: at.isoformat())
    written = [rows["timestamp"], (second * 1000).astype(str), iso]
    read = [arrange(rows.assign(timestamp=each))["seconds"].tolist() for each in written]

    assert read == [[0.0, 1_000.0, 2_000.0] * 2] * 3


@pytest.mark.parametrize("time", ["5", "", "no time", None])
def test_without_times_the_order_of_rows_counts(time: str | None) -> None:
    rows = draw(3, 4, {"timestamp": time})
    answers = arrange(rows)

    assert set(answers["seconds"]) == {0.0}
    assert answers["item"].tolist() == rows["item_id"].tolist()


def test_rows_that_say_nothing_are_left_out() -> None:
    rows = draw(2, 4)
    rows.loc[0, "correct"], rows.loc[1, "user_id"] = "perhaps", None
    rows.loc[2, ["item_id", "correct"]] = [None, "TRUE"]

    answers = arrange(rows)

    assert len(answers) == 6
    assert answers["item"].iloc[0] == "skill s2"
    assert answers["right"].iloc[0] == 1


def test_answer_told_for_each_of_its_skills_is_one(tmp_path: Path) -> None:
    """CRLF, a comma in quotes, a learner called NA, and numbers no float holds."""
    file = tmp_path / "odd.csv"
    lines = [
        "user_id,item_id,skill_id,timestamp,correct",
        'NA,"a, b",x,5,1.0',
        'NA,"a, b",w,5,1.0',
        'NA,"a, b",w,6,1.0',
        "NA,9007199254740993,NA,7,false",
        "NA,9007199254740992,NA,7,2",
    ]
    file.write_bytes("\r\n".join(lines).encode())
    answers = read_answers(file, "csv")

    assert answers["item"].tolist() == ["a, b", "a, b", "9007199254740993"]
    assert answers["skill"].fillna("none").tolist() == ["w~~x", "w", "none"]
    assert answers["right"].tolist() == [1, 1, 0]
    assert answers.attrs == {"left_out": 1, "joined": 1}
    assert [line[:10] for line in tell_changed(answers)] == ["1 rows lef", "1 rows joi"]


def test_times_beyond_what_nanoseconds_hold_are_read() -> None:
    rows = draw(1, 3)
    rows["timestamp"] = ["0001-01-01", "0001-01-02", "9999-12-31"]

    assert arrange(rows)["seconds"].tolist() == [0.0, 86_400.0, 36_500 * 86_400.0]


@pytest.mark.parametrize("text", ["", "a,b\n1,2,3\n4", "a\n1,2\n1,2,3\n", "user_id;item_id\n1;2\n"])
def test_what_is_no_csv_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.csv"
    file.write_text(text)
    with pytest.raises(DataError) as told:
        read_answers(file, "csv")

    assert "\n" not in str(told.value)


def test_repeats_are_counted_apart_from_first_answers() -> None:
    rows = draw(1, 5, {"skill_id": "s", "correct": "1"})
    rows["item_id"] = ["a", "a", "b", "a", "c"]
    counted = count_evidence(
        share_out(
            arrange(pd.concat([rows, draw(1, 1)]).assign(split=["train"] * 5 + ["test"]))
        ).answers.iloc[:5]
    )

    assert counted["is_first"].tolist() == [True, False, True, False, True]
    assert np.expm1(counted["first_right"]).round().tolist() == [0, 1, 1, 2, 2]
    assert np.expm1(counted["repeat_right"]).round().tolist() == [0, 0, 1, 1, 2]
    assert np.expm1(counted["any_wrong"]).tolist() == [0] * 5


def test_file_without_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing: correct"):
        arrange(draw(2, 2).drop(columns="correct"))
    with pytest.raises(DataError, match="no row"):
        arrange(draw(2, 2, {"correct": "?"}))
    with pytest.raises(DataError, match="cannot be read"):
        read_answers(tmp_path / "nothing.csv", "csv")


def test_fifth_of_the_learners_is_held_out_whoever_comes_with_them() -> None:
    shares = share_out(arrange(draw()))
    rows = shares.answers

    assert rows.loc[shares.judged, "user"].nunique() == 2
    assert set(rows.loc[shares.judged, "user"]) & set(rows.loc[shares.fitted, "user"]) == set()
    assert (rows.loc[shares.judged, "fold"] == HELD_OUT).all()


def test_given_split_within_a_learner_keeps_what_is_foretold_out_of_the_fit() -> None:
    rows = draw(4, 10)
    rows["split"] = ["train" if number % 10 < 7 else "test" for number in range(len(rows))]
    shares = share_out(arrange(rows))

    assert shares.judged.sum() == 4 * 3
    assert shares.fitted.sum() == 4 * 7
    # whole, so that what came before an answer is known when it is foretold
    assert (shares.answers["fold"] == HELD_OUT).sum() == 40


def test_nobody_to_judge_by_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        share_out(arrange(draw(1, 5)))


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("columns", [{}, {"skill_id": None}, {"item_id": "one"}, {"correct": "1"}])
def test_baseline_gives_every_answer_a_chance(name: str, columns: dict[str, str | None]) -> None:
    shares = share_out(arrange(draw(columns=columns)))
    chances = BASELINES[name](shares)

    assert len(chances) == len(shares.answers)
    assert ((chances >= 0) & (chances <= 1)).all()


def test_baseline_does_not_look_at_what_it_foretells() -> None:
    rows = draw()
    shares = share_out(arrange(rows))
    last = shares.answers[shares.judged].groupby("learner").tail(1).index
    turned = share_out(arrange(rows))
    turned.answers.loc[last, "right"] = 1 - turned.answers.loc[last, "right"]

    for foretell in BASELINES.values():
        assert np.allclose(foretell(shares)[last], foretell(turned)[last])


def test_model_of_one_class_says_it_always() -> None:
    features = pd.DataFrame({"one": [0.0, 1.0, 2.0]})
    model = fit(features, np.ones(3, dtype=int), np.array([0, 1, 2]))

    assert model.foretell(features) == pytest.approx([0.8] * 3)
    assert judge(np.ones(3), model.foretell(features)).auc is None


@pytest.mark.slow
def test_odd_data_set_is_measured_to_the_end(tmp_path: Path) -> None:
    """Names that are no words, missing skills, questions seen once, times that go back."""
    rows = draw(10, 20)
    rows.loc[rows.index % 4 == 0, "skill_id"] = None
    rows.loc[rows.index % 7 == 0, "item_id"] = [f"'\";\\ü{n}" for n in rows.index if n % 7 == 0]
    rows.loc[rows.index % 11 == 0, "timestamp"] = "-5"
    measured = measure(share_out(arrange(rows)), tmp_path)

    assert {*measured} == {*TITLES, "detail"}
    assert all({"auc", "log_loss", "ece"} <= {*measured[name]} for name in TITLES)
    assert 0 < measured["study"]["log_loss"] < 1
    assert json.loads(json.dumps(measured)) == measured
