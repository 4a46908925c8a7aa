"""`python -m bench.mastery.scoring`: how long SQL takes to score every learner in every topic."""

import json
import os
from pathlib import Path
from time import perf_counter
from typing import Annotated

import psycopg
import typer

from bench.mastery.features import create_attempts, open_warehouse, run_models
from ingestion.store.database import Role, role_url

_ATTEMPTS = """
insert into marts.question_attempts
select
    gen_random_uuid(), uuid_in(md5(learner::text)::cstring), 'topic ' || topic,
    'question ' || (learner * 31 + topic * 17 + answer) %% 5000,
    (learner + topic + answer) %% 3 > 0, (learner + answer) %% 9 = 0, 1 + (topic + answer) %% 5,
    timestamptz '2026-01-01 00:00+00' + make_interval(hours => answer * 29, secs => topic * 90), 1
from
    generate_series(1, %(learners)s) as learner,
    generate_series(1, %(topics)s) as topic,
    generate_series(1, %(answers)s) as answer
"""
_DAYS = """
drop table if exists intermediate.int_topic_days cascade;
create table intermediate.int_topic_days as
select
    user_id, topic_id, cast(attempted_at at time zone 'UTC' as date) as local_date,
    count(*) as event_count, min(attempted_at) as first_event_at, max(attempted_at) as last_event_at
from marts.question_attempts
group by user_id, topic_id, cast(attempted_at at time zone 'UTC' as date)
"""


def main(
    learners: Annotated[int, typer.Option(help="Learners.")] = 10_000,
    topics: Annotated[int, typer.Option(help="Topics that each of them has answered.")] = 100,
    answers: Annotated[int, typer.Option(help="Answers of each to each.")] = 2,
) -> None:
    """Take in all answers, then score: what a night does for all, nothing being known of before."""
    home = Path(os.environ.get("STUDY_BENCH_HOME") or ".study/bench").absolute()
    with open_warehouse(home) as url:
        own = role_url(url, Role.TRANSFORM, application_name="study-bench-mastery")
        sizes = {"learners": learners, "topics": topics, "answers": answers}
        with psycopg.connect(own, autocommit=True) as connection:
            create_attempts(connection)
            connection.execute(_ATTEMPTS, sizes)
            connection.execute(_DAYS)
            connection.execute("analyze marts.question_attempts, intermediate.int_topic_days")
        measured: dict[str, float] = dict(sizes)
        for name in ("int_topic_states", "topic_mastery"):
            start = perf_counter()
            run_models(url, [name], {"as_of": "2026-02-01T00:00:00+00:00"})
            measured[f"{name}_seconds"] = round(perf_counter() - start, 1)
    text = json.dumps(measured, indent=2)
    typer.echo(text)
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(text + "\n")


if __name__ == "__main__":
    typer.run(main)
