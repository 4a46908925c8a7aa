{#-
    What the model reads, by name: docs/mastery.md says of each what it means. Expressions over the columns
    of `answer_states`.

    at: when the question is asked, in days. before: the prefix of the states that are known
    then. logit: how easy the question is; new: whether the learner has not answered it yet, as SQL
    that is 1 or 0; `question`: its own states, if they can be known.
-#}
{% macro mastery_features(at, before, logit, topic_logit, new, hinted='0', question=true) -%}
    {%- set f = {} -%}
    {%- do f.update({
        'question_logit': logit,
        'question_first_logit': '(' ~ logit ~ ') * ' ~ new,
        'topic_logit': topic_logit,
        'hinted': hinted,
    }) -%}
    {%- for who, windows in {'learner': [16, 64], 'topic': [4, 16], 'question': [3]}.items() -%}
        {%- if who != 'question' or question -%}
            {%- do f.update(known_of(before ~ who, who, windows, at, before ~ 'learner_answers')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set topic = before ~ 'topic' -%}
    {%- set learner = before ~ 'learner' -%}
    {%- do f.update({
        'question_new': new,
        'learner_hinted_64': 'coalesce(' ~ learner ~ '_hinted_64, 0) / 64',
        'learner_surprise_16': 'coalesce(' ~ learner ~ '_surprise_16, 0) / 16',
        'topic_surprise_16': 'coalesce(' ~ topic ~ '_surprise_16, 0) / 16',
        'new_topic_rate': new ~ ' * ln((coalesce(' ~ topic ~ '_right, 0) + 1) / (coalesce('
            ~ topic ~ '_answers - ' ~ topic ~ '_right, 0) + 1))',
        'new_topic_gap': new ~ ' * ' ~ gap_log(topic, at),
    }) -%}
    {%- for name in ['hinted_right', 'unsure_right', 'sure_right', 'sure_wrong'] -%}
        {%- do f.update({'topic_' ~ name: 'ln(1 + coalesce(' ~ topic ~ '_' ~ name ~ ', 0))'}) -%}
    {%- endfor -%}
    {%- for days in mastery_half_lives() -%}
        {%- for side in ['right', 'wrong'] -%}
            {%- set name = 'topic_' ~ side ~ '_' ~ days ~ 'd' -%}
            {%- do f.update({name: 'ln(1 + coalesce(' ~ before ~ name ~ ' / '
                ~ growth('greatest(' ~ at ~ ' - ' ~ topic ~ '_at, 0)', days) ~ ', 0))'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(f) }}
{%- endmacro %}


{#- What is alike for a learner, a topic and a question: counts, the last few, and how long ago. -#}
{% macro known_of(state, who, windows, at, place) -%}
    {%- set answers = 'coalesce(' ~ state ~ '_answers, 0)' -%}
    {%- set f = {
        who ~ '_right': 'ln(1 + coalesce(' ~ state ~ '_right, 0))',
        who ~ '_wrong': 'ln(1 + coalesce(' ~ state ~ '_answers - ' ~ state ~ '_right, 0))',
        who ~ '_gap': gap_log(state, at),
        who ~ '_surprise': 'coalesce(' ~ state ~ '_surprise, 0) / sqrt(' ~ answers ~ ' + 1)',
    } -%}
    {%- for last in windows -%}
        {%- set right = 'coalesce(' ~ state ~ '_right_' ~ last ~ ', 0)' -%}
        {%- do f.update({
            who ~ '_right_' ~ last: right ~ ' / ' ~ last,
            who ~ '_wrong_' ~ last: '(least(' ~ answers ~ ', ' ~ last ~ ') - ' ~ right ~ ') / ' ~ last,
        }) -%}
    {%- endfor -%}
    {%- if who == 'learner' -%}
        {%- do f.update({'learner_new': 'case when ' ~ answers ~ ' = 0 then 1 else 0 end'}) -%}
    {%- else -%}
        {%- set last_right = 'coalesce(' ~ state ~ '_last_right, 0)' -%}
        {%- set since = 'coalesce(ln(1 + ' ~ place ~ ' - ' ~ state ~ '_place), 0)' -%}
        {%- do f.update({
            who ~ '_last_right': last_right,
            who ~ '_since': since,
            who ~ '_since_right': since ~ ' * ' ~ last_right,
            who ~ '_gap_right': gap_log(state, at) ~ ' * ' ~ last_right,
            who ~ '_gap_answers': gap_log(state, at) ~ ' * ln(1 + ' ~ answers ~ ')',
        }) -%}
    {%- endif -%}
    {%- if who == 'topic' -%}
        {%- do f.update({'topic_new': 'case when ' ~ answers ~ ' = 0 then 1 else 0 end'}) -%}
    {%- endif -%}
    {{ return(f) }}
{%- endmacro %}


{#- The logarithm of the seconds since the last answer; 0 without one. -#}
{% macro gap_log(state, at) -%}
    {{ return('coalesce(ln(1 + greatest(' ~ at ~ ' - ' ~ state ~ '_at, 0) * 86400), 0)') }}
{%- endmacro %}


{#- What is read of an answer before it is given: for fitting, and to see how well it is foretold. -#}
{% macro answer_features() -%}
    {{ return(mastery_features(
        at='at_days',
        before='before_',
        logit='expected_logit',
        topic_logit='case when question_number = 1 then reference_logit else topic_again_logit end',
        new='(case when question_number = 1 then 1 else 0 end)',
        hinted='is_hinted'
    )) }}
{%- endmacro %}


{#- What is read of the topic's average question, never seen before and answered without a hint. -#}
{% macro reference_features(at, before='') -%}
    {{ return(mastery_features(
        at=at,
        before=before,
        logit='reference_logit',
        topic_logit='reference_logit',
        new='1',
        question=false
    )) }}
{%- endmacro %}
