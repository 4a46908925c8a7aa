{#- What is a gap: docs/gaps.md. -#}


{#- By so many learners a topic has to be met to be one that the cohort studies. -#}
{% macro cohort_learners() -%}
    5
{%- endmacro %}


{#- Weight of a topic that the seed `topics` does not have: half of the most. -#}
{% macro default_exam_weight() -%}
    0.5
{%- endmacro %}


{#- Where a topic that was met or should have been is not answered within so many days, it is unseen. -#}
{% macro days_to_start() -%}
    7
{%- endmacro %}


{#- Without an answer for so many days a topic has decayed. -#}
{% macro days_to_decay() -%}
    30
{%- endmacro %}


{#- An answer that is right, and neither by a hint nor unsure nor slow (more than two minutes). -#}
{% macro is_slow() -%}
    coalesce(time_to_answer_seconds > 120, false)
{%- endmacro %}

{% macro is_unsure() -%}
    coalesce(confidence_level <= 2, false)
{%- endmacro %}


{#-
    Whether the last answer at which `opened` was true comes after the last at which `closed` was: a gap
    that opened stays until it closes, so what lies between the two does not make it flap.
-#}
{% macro is_held(opened, closed) -%}
    coalesce(max(case when {{ opened }} then questions_attempted end) over attempts_so_far, 0)
    > coalesce(max(case when {{ closed }} then questions_attempted end) over attempts_so_far, 0)
{%- endmacro %}


{#- The share of the interval of mastery that lies below a score of 0.8, and a tenth at least. -#}
{% macro certainty_of_gap() -%}
    case
        when mastery_high <= 0.8 then 1
        when mastery_low >= 0.8 then 0.1
        else greatest((0.8 - mastery_low) / (mastery_high - mastery_low), 0.1)
    end
{%- endmacro %}


{#- A change of what the cohort studies is one for every learner. -#}
{% macro learners_of_another_cohort() -%}
    select user_id from {{ ref('topic_mastery') }}
    where exists (
        select 1 from {{ change_log('int_cohort_topics') }}
        where step > {{ last_state()['step'] }}
    )
{%- endmacro %}


{#- The numbers that stand behind a gap, of the attempts up to its stage: columns of `int_topic_stages`. -#}
{% macro gap_evidence() -%}
    {{ return([
        'questions_attempted',
        'questions_correct',
        'questions_seen',
        'recent_attempts',
        'recent_correct',
        'recent_firm',
        'recent_hinted',
        'recent_unsure',
        'recent_slow',
        'misconceived_answers',
        'misconceived_questions',
    ]) }}
{%- endmacro %}


{#- The evidence of a stage before any attempt, which most of a new learner's gaps are: as a literal. -#}
{% macro evidence_of_nothing() -%}
    {%- set zeros = {} -%}
    {%- for name in gap_evidence() -%}
        {%- do zeros.update({name: 0}) -%}
    {%- endfor -%}
    {%- do zeros.update({'days_since_last_attempt': none}) -%}
    cast('{{ tojson(zeros) }}' as jsonb)
{%- endmacro %}


{#- What to do about a gap, with the numbers that say why. -#}
{% macro recommendation_in_words() -%}
    case gap_type
        when 'misconception'
            then 'Compare your answers with the right ones: sure and wrong '
                || cast(misconceived_answers as text) || ' times, at '
                || cast(misconceived_questions as text) || ' questions.'
        when 'weak'
            then 'Study the topic again: right ' || cast(recent_correct as text)
                || ' of the last ' || cast(recent_attempts as text) || ' times.'
        when 'fragile'
            then 'Practise until it holds: right, unaided, sure and quick '
                || cast(recent_firm as text) || ' of the last 5 times.'
        when 'decayed' then 'Review the topic: no answer for {{ days_to_decay() }} days or more.'
        when 'unseen' then 'Answer first questions: others study the topic, or you met it and left it.'
    end
    || case
        when study_first is null then ''
        else ' Before it: ' || study_first || '.'
    end
{%- endmacro %}


{#- A text to be ordered by, the same on every engine and in every locale. -#}
{% macro by_code_points(value) -%}
    {{ return(adapter.dispatch('by_code_points')(value)) }}
{%- endmacro %}

{% macro postgres__by_code_points(value) -%}
    {{ value }} collate "C"
{%- endmacro %}
