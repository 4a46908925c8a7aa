{#- The model in force: the one the installation has promoted, else the one that comes with the project. -#}
{% macro mastery_model() -%}
    {{ return(var_of_run('mastery_model') or mastery_defaults()) }}
{%- endmacro %}


{#-
    The logit of a right answer, of features by name. What has no weight is not written out; a feature
    that is not given is 0.
-#}
{% macro mastery_logit(features) -%}
    {%- set model = mastery_model() -%}
    {{ model['intercept'] }}
    {%- for name, weight in model['coefficients'].items() if weight and name in features %}
    + ({{ weight }}) * ({{ features[name] }})
    {%- endfor -%}
{%- endmacro %}


{#- A logit as a chance. What is beyond 30 is certain to ten digits, and exp() of it must not overflow. -#}
{% macro chance_of(logit) -%}
    (1 / (1 + exp(-least(greatest({{ logit }}, -30), 30))))
{%- endmacro %}


{#-
    By how much, in logits, what is mastered in truth strays from what is foretold: the less, the
    more answers there are.
-#}
{% macro mastery_spread(answers) -%}
    {%- set model = mastery_model() -%}
    sqrt({{ model['settled'] }} + {{ model['unsettled'] }} / (1 + {{ answers }} / {{ model['pace'] }}))
{%- endmacro %}


{#- How many standard deviations the interval reaches to either side: four of five lie within. -#}
{% macro mastery_reach() -%}
    1.2815515655446004
{%- endmacro %}


{#- By level the score to reach it, and the answers to the topic it takes; the highest first. -#}
{% macro mastery_levels() -%}
    {{ return({
        'mastered': {'score': 0.8, 'answers': 5},
        'proficient': {'score': 0.7, 'answers': 3},
        'developing': {'score': 0.5, 'answers': 1},
    }) }}
{%- endmacro %}


{#- A level that was reached is kept until the score is so much below it, so that it does not flap. -#}
{% macro is_lost(level, score) -%}
    {{ score }} < {{ (mastery_levels()[level]['score'] - 0.05) | round(2) }}
{%- endmacro %}

{% macro is_reached(level, score, answers) -%}
    {%- set asked = mastery_levels()[level] -%}
    ({{ score }} >= {{ asked['score'] }} and {{ answers }} >= {{ asked['answers'] }})
{%- endmacro %}


{#- Of each level the last answer at which it was reached, and the last at which it was lost. -#}
{% macro level_marks(score, answers, window) -%}
    {%- for level in mastery_levels() %}
    max(case when {{ is_reached(level, score, answers) }} then {{ answers }} end) over {{ window }}
        as {{ level }}_reached,
    max(case when {{ is_lost(level, score) }} then {{ answers }} end) over {{ window }}
        as {{ level }}_lost{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Whether each level was reached and not lost since, from its marks. -#}
{% macro held_levels() -%}
    {%- for level in mastery_levels() %}
    coalesce({{ level }}_reached, 0) > coalesce({{ level }}_lost, 0) as is_{{ level }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Whether each level is held, of a row that there may not be. -#}
{% macro carried_levels(relation) -%}
    {%- for level in mastery_levels() %}
    coalesce({{ relation }}.is_{{ level }}, false) as is_{{ level }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The level of a score, where levels are held as `is_*` says. -#}
{% macro mastery_level(score, answers) -%}
    case
        when {{ answers }} = 0 then 'unseen'
        {%- for level in mastery_levels() %}
        when {{ is_reached(level, score, answers) }} or (is_{{ level }} and not {{ is_lost(level, score) }})
            then '{{ level }}'
        {%- endfor %}
        else 'novice'
    end
{%- endmacro %}


{#- The logit of a right answer to the topic's average question; and its features as columns. -#}
{% macro reference_logit_of(at, of=('learner', 'topic')) -%}
    {{ mastery_logit(reference_features(at, of)) }}
{%- endmacro %}

{% macro feature_columns() -%}
    {%- for name, feature in answer_features().items() %}
    cast({{ feature }} as double precision) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What every question is as easy as, where nothing is known of any. -#}
{% macro default_first_logit() -%}
    {{ mastery_model()['first_logit'] }}
{%- endmacro %}


{#- The name of the model behind a score: readers tell by it which scores compare. -#}
{% macro mastery_version() -%}
    '{{ mastery_model()['version'] }}'
{%- endmacro %}


{#-
    How easy questions and topics were when the model in force was fitted; nothing for the default. No
    source of dbt's: it is written by a fit and frozen, and no part of what flows through the models.
-#}
{% macro frozen_difficulties() -%}
    {{ return(adapter.dispatch('frozen_difficulties')()) }}
{%- endmacro %}

{% macro postgres__frozen_difficulties() -%}
    (select * from ops.mastery_difficulties where version = {{ mastery_version() }})
{%- endmacro %}


{#- Who takes part in a fit, and in which fold. -#}
{% macro fit_learners() -%}
    (select * from ops.mastery_learners)
{%- endmacro %}
