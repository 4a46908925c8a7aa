"""Fitting the model anew on the installation's own answers; promoted only if it is better."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg

from ingestion.store.database import Role, role_url
from orchestration.mastery.features import KEYS, read_features
from orchestration.mastery.figures import Bin, Figures, judge, reliability
from orchestration.mastery.fitting import Fit, fit
from orchestration.mastery.versions import read_model, store_model
from quality.oracle.mastery_model import default_model

FOLDS = 5
# With fewer answers to judge by, a difference between two models is a matter of chance.
LEAST_ANSWERS = 2_000
# Nats; the same model fitted again differs from itself in the last bits.
LEAST_GAIN = 0.0001
# A model may be this much off on average, whatever the one before was.
CALIBRATED = 0.02
# A fifth is held out, the rest is dealt into folds: by what the learner's id hashes to, so that
# who is held out stays so, and no model is ever judged by who the one before was fitted on.
_LEARNERS = """
insert into ops.mastery_learners (user_id, fold)
select
    user_id,
    case when mod(hashed, 5) = 0 then -1 else mod(hashed / 5, %(folds)s) end
from (
    select distinct user_id, abs(mod(hashtextextended(user_id::text, 0), 1000000)) as hashed
    from marts.question_attempts
) as learners
"""


@dataclass(frozen=True)
class Refit:
    """What became of a fit: `figures` of the new model and of the one in force, both on learners
    that neither was fitted on; `why` it was promoted or not.
    """

    version: str
    is_promoted: bool
    why: str
    new: Figures | None
    old: Figures | None
    bins: Sequence[Bin]


def refit(url: str, as_of: datetime, *, wanted: str | None = None) -> Refit:
    """Fit on all answers there are, judge, and store; the next load takes up what is promoted.

    `url`: the owner's. `wanted`: the version that a setting holds in force. Raises psycopg.Error
    where no load has made the views that it reads.
    """
    version = f"fit-{as_of:%Y%m%dT%H%M%S}"
    own = role_url(url, Role.TRANSFORM, application_name="study-mastery")
    with psycopg.connect(own, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("delete from ops.mastery_learners")
            connection.execute(_LEARNERS, {"folds": FOLDS})
        connection.execute("analyze ops.mastery_learners")
        in_force = read_model(connection, wanted) or dict(default_model())
    rows = read_features(own)
    held = (rows["fold"] == -1).to_numpy()
    right, features = rows["is_right"].to_numpy(), rows.drop(columns=[*KEYS])
    if held.sum() < LEAST_ANSWERS or (~held).sum() < LEAST_ANSWERS:
        why = f"{len(rows)} answers are too few to fit on and to judge by"
        return Refit(version, False, why, None, None, [])
    fitted = fit(features[~held], right[~held], rows["fold"].to_numpy()[~held])
    chance = fitted.foretell(features[held])
    new = judge(right[held], chance)
    current = Fit(in_force["intercept"], in_force["coefficients"])
    old = judge(right[held], current.foretell(features[held]))
    is_promoted, why = decide(new, old)
    figures: dict[str, object] = {"new": asdict(new), "old": asdict(old), "why": why}
    with psycopg.connect(own, autocommit=True) as connection:
        store_model(connection, version, fitted, figures, is_promoted=is_promoted)
    return Refit(version, is_promoted, why, new, old, reliability(right[held], chance))


def decide(new: Figures, old: Figures) -> tuple[bool, str]:
    """Whether a new model is better than the old one, and why: by log-loss, if it is calibrated."""
    if new.log_loss > old.log_loss - LEAST_GAIN:
        return False, f"log-loss {new.log_loss:.4f} is not below {old.log_loss:.4f}"
    if new.ece > max(CALIBRATED, old.ece):
        return False, f"chances are off by {new.ece:.4f}, before by {old.ece:.4f}"
    return True, f"log-loss {new.log_loss:.4f}, before {old.log_loss:.4f}"
