{#-
    What is known after each answer: of its learner, of the learner in its topic, and of the learner at
    its question. CTEs, from `answers` (event_id, user_id, topic_id, question_id, attempt_number,
    is_correct, hint_used, confidence_level, attempted_at, fold) and `difficulties` (fold, kind, subject,
    first_logit, again_logit): to `answer_states`, whose columns `learner_*`, `topic_*` and `question_*`
    include the answer.

    Every one follows from the answers in their order and from nothing else, so it does not matter when
    an answer arrived. All are doubles: an integer would be divided as one, or summed up as a
    decimal. Windows of one order stand together, the topic's last: each order is sorted once.
-#}
{% macro answer_states() -%}
    {%- set states = mastery_states() -%}
    {%- set model = mastery_model() -%}
expected as (
    select
        answers.*,
        answers.attempt_number as question_number,
        case when answers.is_correct then 1 else 0 end as is_right,
        case when answers.hint_used then 1 else 0 end as is_hinted,
        {{ days_of('answers.attempted_at') }} as at_days,
        coalesce(
            topics.first_logit, overall.first_logit, {{ model['first_logit'] }}
        ) as reference_logit,
        coalesce(
            topics.again_logit, overall.again_logit, {{ model['again_logit'] }}
        ) as topic_again_logit,
        case
            when answers.attempt_number = 1
                then coalesce(
                    questions.first_logit,
                    topics.first_logit,
                    overall.first_logit,
                    {{ model['first_logit'] }}
                )
            else coalesce(
                questions.again_logit,
                topics.again_logit,
                overall.again_logit,
                {{ model['again_logit'] }}
            )
        end as expected_logit
    from answers
    left join difficulties as questions
        on
            answers.fold = questions.fold
            and questions.kind = 'question'
            and answers.question_id = questions.subject
    left join difficulties as topics
        on
            answers.fold = topics.fold
            and topics.kind = 'topic'
            and answers.topic_id = topics.subject
    left join difficulties as overall
        on answers.fold = overall.fold and overall.kind = 'all'
),

surprised as (
    select
        *,
        {{ billionths('is_right - 1 / (1 + exp(-expected_logit))') }} as surprise
    from expected
    {{ computed_once() }}
),

followed as (
    select
        *,
        first_value(at_days) over learner_so_far as learner_began,
        {% for name, state in states.items() if name.startswith('learner') -%}
        cast({{ state }} as double precision) as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from surprised
    window
        learner_so_far as (
            partition by user_id order by attempted_at, event_id
            rows between unbounded preceding and current row
        ),
        learner_16 as (
            partition by user_id order by attempted_at, event_id
            rows between 15 preceding and current row
        ),
        learner_64 as (
            partition by user_id order by attempted_at, event_id
            rows between 63 preceding and current row
        )
),

grown as (
    select
        *,
        {% for days in mastery_half_lives() -%}
        {{ growth('at_days - learner_began', days) }} as growth_{{ days }}{{ "," if not loop.last }}
        {% endfor %}
    from followed
    {{ computed_once() }}
),

answer_states as (
    select
        *,
        first_value(attempted_at) over topic_so_far as first_attempt_at,
        {% for name, state in states.items() if not name.startswith('learner') -%}
        cast({{ state }} as double precision) as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from grown
    window
        topic_so_far as (
            partition by user_id, topic_id order by attempted_at, event_id
            rows between unbounded preceding and current row
        ),
        topic_4 as (
            partition by user_id, topic_id order by attempted_at, event_id
            rows between 3 preceding and current row
        ),
        topic_16 as (
            partition by user_id, topic_id order by attempted_at, event_id
            rows between 15 preceding and current row
        ),
        question_so_far as (
            partition by user_id, question_id order by attempted_at, event_id
            rows between unbounded preceding and current row
        ),
        question_3 as (
            partition by user_id, question_id order by attempted_at, event_id
            rows between 2 preceding and current row
        )
)
{%- endmacro %}


{#-
    What was known before each answer. The CTE `answers_awaited`, which adds `before_*` to the columns of
    `answer_states`.
-#}
{% macro states_before_answers() -%}
answers_awaited as (
    select
        *,
        {% for name in mastery_states() -%}
        lag({{ name }}) over {{ name.split('_')[0] }}_order as before_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from answer_states
    window
        learner_order as (partition by user_id order by attempted_at, event_id),
        topic_order as (partition by user_id, topic_id order by attempted_at, event_id),
        question_order as (partition by user_id, question_id order by attempted_at, event_id)
)
{%- endmacro %}


{#-
    A number between -2 and 2 in whole billionths. Integers add up to the same in any order and are
    taken off again exactly, so that PostgreSQL need not sum a moving frame anew at each row.
-#}
{% macro billionths(value) -%}
    cast(round(1000000000 * ({{ value }})) as integer)
{%- endmacro %}


{#- The columns of what is known of a learner or a topic, with commas between. -#}
{% macro state_columns(who, relation=none) -%}
    {%- for name in mastery_states() if name.startswith(who) -%}
        {% if relation %}{{ relation }}.{% endif %}{{ name }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- By name what is known, over the windows of `followed` and `answer_states`. The first word says of whom. -#}
{% macro mastery_states() -%}
    {%- set sure = "confidence_level >= 4" -%}
    {%- set unsure = "confidence_level <= 2" -%}
    {%- set states = {
        'learner_answers': 'count(*) over learner_so_far',
        'learner_right': 'sum(is_right) over learner_so_far',
        'learner_right_16': 'sum(is_right) over learner_16',
        'learner_right_64': 'sum(is_right) over learner_64',
        'learner_hinted_64': 'sum(is_hinted) over learner_64',
        'learner_surprise': 'cast(sum(surprise) over learner_so_far as double precision) / 1000000000',
        'learner_surprise_16': 'cast(sum(surprise) over learner_16 as double precision) / 1000000000',
        'learner_at': 'at_days',
        'topic_answers': 'count(*) over topic_so_far',
        'topic_right': 'sum(is_right) over topic_so_far',
        'topic_right_4': 'sum(is_right) over topic_4',
        'topic_right_16': 'sum(is_right) over topic_16',
        'topic_hinted_right': 'sum(is_hinted * is_right) over topic_so_far',
        'topic_unsure_right': 'count(case when is_correct and ' ~ unsure ~ ' then 1 end) over topic_so_far',
        'topic_sure_right': 'count(case when is_correct and ' ~ sure ~ ' then 1 end) over topic_so_far',
        'topic_sure_wrong': 'count(case when not is_correct and ' ~ sure ~ ' then 1 end) over topic_so_far',
        'topic_surprise': 'cast(sum(surprise) over topic_so_far as double precision) / 1000000000',
        'topic_surprise_16': 'cast(sum(surprise) over topic_16 as double precision) / 1000000000',
        'topic_at': 'at_days',
        'topic_place': 'learner_answers',
        'topic_last_right': 'is_right',
        'question_answers': 'question_number',
        'question_right': 'sum(is_right) over question_so_far',
        'question_right_3': 'sum(is_right) over question_3',
        'question_surprise': 'cast(sum(surprise) over question_so_far as double precision) / 1000000000',
        'question_at': 'at_days',
        'question_place': 'learner_answers',
        'question_last_right': 'is_right',
    } -%}
    {%- for days in mastery_half_lives() -%}
        {%- set grown = 'growth_' ~ days -%}
        {%- do states.update({
            'topic_right_' ~ days ~ 'd': 'sum(is_right * ' ~ grown ~ ') over topic_so_far / ' ~ grown,
            'topic_wrong_' ~ days ~ 'd': 'sum((1 - is_right) * ' ~ grown ~ ') over topic_so_far / ' ~ grown,
        }) -%}
    {%- endfor -%}
    {{ return(states) }}
{%- endmacro %}


{#- Half-lives, in days, of what is counted less the longer ago it was. -#}
{% macro mastery_half_lives() -%}
    {{ return([7, 30]) }}
{%- endmacro %}


{#-
    By how much an answer outweighs those of so many days before: it doubles with each half-life. What
    fades by a factor of today is summed up as what grows by one from the learner's first answer on, so
    that no sum has to be made again. Growth ends with what a double holds, after 19 years at least.
-#}
{% macro growth(days, half_life) -%}
    exp(least(({{ days }}) * {{ 0.6931471805599453 / half_life }}, 690))
{%- endmacro %}


{#- An instant in days since 1970, to the microsecond. -#}
{% macro days_of(instant) -%}
    (
        cast({{ microseconds_between(epoch(), instant) }} as double precision)
        / 86400000000
    )
{%- endmacro %}


{% macro epoch() -%}
    cast('1970-01-01 00:00:00+00' as timestamp with time zone)
{%- endmacro %}
