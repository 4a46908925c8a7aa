{#-
    Who is limited to a cohort (a member of study_bi_cohort) sees the rows of its learners only, of tables
    whose rows are a learner's; the others, aggregates over all learners, not at all.

    Two policies, for one that lets everybody through costs nothing: the planner drops it. The one that
    limits is asked of study_bi_cohort's members alone.
-#}
{% macro limit_to_cohorts(relation) -%}
    alter table {{ relation }} enable row level security;
    create policy every_row on {{ relation }} using (true);
    create policy of_own_cohort on {{ relation }} as restrictive for select to study_bi_cohort
    using (user_id in (select learners.user_id from access.visible_learners as learners));
    grant select on {{ relation }} to study_bi_cohort;
{%- endmacro %}


{#- Whether a model is a mart of which each row is a learner's. -#}
{% macro is_of_learners() -%}
    {{ return(model['schema'] == 'marts' and 'user_id' in model['columns']) }}
{%- endmacro %}


{#- The condition that whoever asks may see a learner: for views, which read with their owner's rights. -#}
{% macro may_be_seen(user_id) -%}
    (
        not (select access.is_limited())
        or {{ user_id }} in (select learners.user_id from access.visible_learners as learners)
    )
{%- endmacro %}
