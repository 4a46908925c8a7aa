-- How easy questions and topics are to learners of other folds than the one that is named: who is
-- to be foretold must not have had a say in it. Fold -1 is foretold by all others.

with

learners as (
    select
        user_id,
        fold
    from {{ fit_learners() }} as fit_learners
),

attempts as (
    select
        user_id,
        question_id,
        topic_id,
        is_correct,
        attempt_number
    from {{ ref('question_attempts') }}
),

folds as (
    select distinct fold from learners
),

counted as (
    select
        learners.fold,
        attempts.question_id,
        attempts.topic_id,
        count(case when attempts.attempt_number = 1 then 1 end) as first_answers,
        count(case when attempts.attempt_number = 1 and attempts.is_correct then 1 end)
            as first_right,
        count(case when attempts.attempt_number > 1 then 1 end) as again_answers,
        count(case when attempts.attempt_number > 1 and attempts.is_correct then 1 end)
            as again_right
    from attempts
    inner join learners on attempts.user_id = learners.user_id
    where learners.fold >= 0
    group by learners.fold, attempts.question_id, attempts.topic_id
),

named as (
    select
        fold,
        'question' as kind,
        question_id as subject,
        topic_id,
        first_answers,
        first_right,
        again_answers,
        again_right
    from counted
    union all
    select
        fold,
        'topic' as kind,
        topic_id as subject,
        null as topic_id,
        first_answers,
        first_right,
        again_answers,
        again_right
    from counted
    where topic_id is not null
    union all
    select
        fold,
        'all' as kind,
        '' as subject,
        null as topic_id,
        first_answers,
        first_right,
        again_answers,
        again_right
    from counted
),

told as (
    select
        folds.fold,
        named.kind,
        named.subject,
        max(named.topic_id) as topic_id,
        cast(sum(named.first_answers) as double precision) as first_answers,
        cast(sum(named.first_right) as double precision) as first_right,
        cast(sum(named.again_answers) as double precision) as again_answers,
        cast(sum(named.again_right) as double precision) as again_right
    from named
    inner join folds on named.fold != folds.fold
    group by folds.fold, named.kind, named.subject
),

overall as (
    select
        fold,
        kind,
        subject,
        {{ smoothed_logit('first_right', 'first_answers', '0', 2) }} as first_logit,
        {{ smoothed_logit('again_right', 'again_answers', '0', 2) }} as again_logit
    from told
    where kind = 'all'
),

topics as (
    select
        told.fold,
        told.kind,
        told.subject,
        {{ smoothed_logit('told.first_right', 'told.first_answers', 'overall.first_logit', 20) }}
            as first_logit,
        {{ smoothed_logit('told.again_right', 'told.again_answers', 'overall.again_logit', 20) }}
            as again_logit
    from told
    inner join overall on told.fold = overall.fold
    where told.kind = 'topic'
),

priors as (
    select
        told.*,
        coalesce(topics.first_logit, overall.first_logit) as prior_first_logit,
        coalesce(topics.again_logit, overall.again_logit) as prior_again_logit
    from told
    inner join overall on told.fold = overall.fold
    left join topics on told.fold = topics.fold and told.topic_id = topics.subject
    where told.kind = 'question'
),

questions as (
    select
        fold,
        kind,
        subject,
        {{ smoothed_logit('first_right', 'first_answers', 'prior_first_logit', 5) }} as first_logit,
        {{ smoothed_logit('again_right', 'again_answers', 'prior_again_logit', 5) }} as again_logit
    from priors
),

final as (
    select * from overall
    union all
    select * from topics
    union all
    select * from questions
)

select * from final
