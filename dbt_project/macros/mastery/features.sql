{#-
    What the model reads, by name: docs/mastery.md says of each what it means. Expressions over the columns
    of `answer_states`. What is 0 whatever they hold is left out: logarithms are most of what scoring costs.

    at: when the question is asked, in days; none: right after the answer that the states are of.
    before: the prefix of the states that are known then. logit: how easy the question is; new: whether
    the learner has not answered it yet, as SQL that is 1 or 0. of: whose states can be known.
-#}
{% macro mastery_features(at, before, logit, topic_logit, new, hinted='0', of=('learner', 'topic')) -%}
    {%- set f = {} -%}
    {%- do f.update({
        'question_logit': logit,
        'question_first_logit': '(' ~ logit ~ ') * ' ~ new,
        'topic_logit': topic_logit,
        'hinted': hinted,
        'question_new': new,
        'topic_new': '1',
        'learner_hinted_64': 'coalesce(' ~ before ~ 'learner_hinted_64, 0) / 64',
        'learner_surprise_16': 'coalesce(' ~ before ~ 'learner_surprise_16, 0) / 16',
    }) -%}
    {%- for who, windows in {'learner': [16, 64], 'topic': [4, 16], 'question': [3]}.items() if who in of -%}
        {%- do f.update(known_of(before ~ who, who, windows)) -%}
        {%- if at is not none -%}
            {%- do f.update(time_since(before ~ who, who, at, before ~ 'learner_answers')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if 'topic' in of -%}
        {%- do f.update(known_of_topic(before ~ 'topic', at, new)) -%}
    {%- endif -%}
    {{ return(f) }}
{%- endmacro %}


{#- What only a topic has: answers by how sure, and what fades. -#}
{% macro known_of_topic(topic, at, new) -%}
    {%- set f = {
        'topic_surprise_16': 'coalesce(' ~ topic ~ '_surprise_16, 0) / 16',
        'new_topic_rate': new ~ ' * ln((coalesce(' ~ topic ~ '_right, 0) + 1) / (coalesce('
            ~ topic ~ '_answers - ' ~ topic ~ '_right, 0) + 1))',
    } -%}
    {%- if at is not none -%}
        {%- do f.update({'new_topic_gap': new ~ ' * ' ~ gap_log(topic, at)}) -%}
    {%- endif -%}
    {%- for name in ['hinted_right', 'unsure_right', 'sure_right', 'sure_wrong'] -%}
        {%- do f.update({'topic_' ~ name: 'ln(1 + coalesce(' ~ topic ~ '_' ~ name ~ ', 0))'}) -%}
    {%- endfor -%}
    {%- for days in mastery_half_lives() -%}
        {%- for side in ['right', 'wrong'] -%}
            {%- set counted = topic ~ '_' ~ side ~ '_' ~ days ~ 'd' -%}
            {%- if at is not none -%}
                {%- set counted = counted ~ ' / '
                    ~ growth('greatest(' ~ at ~ ' - ' ~ topic ~ '_at, 0)', days) -%}
            {%- endif -%}
            {%- do f.update({'topic_' ~ side ~ '_' ~ days ~ 'd': 'ln(1 + coalesce(' ~ counted ~ ', 0))'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(f) }}
{%- endmacro %}


{#- What is alike for a learner, a topic and a question: counts, and the last few. -#}
{% macro known_of(state, who, windows) -%}
    {%- set answers = 'coalesce(' ~ state ~ '_answers, 0)' -%}
    {%- set f = {
        who ~ '_right': 'ln(1 + coalesce(' ~ state ~ '_right, 0))',
        who ~ '_wrong': 'ln(1 + coalesce(' ~ state ~ '_answers - ' ~ state ~ '_right, 0))',
        who ~ '_surprise': 'coalesce(' ~ state ~ '_surprise, 0) / sqrt(' ~ answers ~ ' + 1)',
    } -%}
    {%- for last in windows -%}
        {%- set right = 'coalesce(' ~ state ~ '_right_' ~ last ~ ', 0)' -%}
        {%- do f.update({
            who ~ '_right_' ~ last: right ~ ' / ' ~ last,
            who ~ '_wrong_' ~ last: '(least(' ~ answers ~ ', ' ~ last ~ ') - ' ~ right ~ ') / ' ~ last,
        }) -%}
    {%- endfor -%}
    {%- if who != 'question' -%}
        {%- do f.update({who ~ '_new': 'case when ' ~ answers ~ ' = 0 then 1 else 0 end'}) -%}
    {%- endif -%}
    {%- if who != 'learner' -%}
        {%- do f.update({who ~ '_last_right': 'coalesce(' ~ state ~ '_last_right, 0)'}) -%}
    {%- endif -%}
    {{ return(f) }}
{%- endmacro %}


{#- How long ago the last answer was, in time and in answers since: all of it 0 right after one. -#}
{% macro time_since(state, who, at, place) -%}
    {%- set gap = gap_log(state, at) -%}
    {%- set f = {who ~ '_gap': gap} -%}
    {%- if who != 'learner' -%}
        {%- set last_right = 'coalesce(' ~ state ~ '_last_right, 0)' -%}
        {%- set since = 'coalesce(ln(1 + ' ~ place ~ ' - ' ~ state ~ '_place), 0)' -%}
        {%- do f.update({
            who ~ '_since': since,
            who ~ '_since_right': since ~ ' * ' ~ last_right,
            who ~ '_gap_right': gap ~ ' * ' ~ last_right,
            who ~ '_gap_answers': gap ~ ' * ln(1 + coalesce(' ~ state ~ '_answers, 0))',
        }) -%}
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
        hinted='is_hinted',
        of=('learner', 'topic', 'question')
    )) }}
{%- endmacro %}


{#-
    What is read of the topic's average question, never seen before and answered without a hint. Of a topic
    that the learner never answered only the learner's own states are `of` use.
-#}
{% macro reference_features(at, of=('learner', 'topic')) -%}
    {{ return(mastery_features(
        at=at,
        before='',
        logit='reference_logit',
        topic_logit='reference_logit',
        new='1',
        of=of
    )) }}
{%- endmacro %}
