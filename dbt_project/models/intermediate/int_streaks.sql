{{
    config(
        unique_key=['user_id', 'local_date'],
        indexes=[{'columns': ['user_id', 'local_date'], 'unique': true}],
        meta={'key': ['user_id'], 'logged': ['user_id', 'local_date']}
    )
}}

with

days as (
    select
        user_id,
        local_date
    from {{ touched(ref('int_days')) }} as int_days
    where is_study_day
),

-- Within one unbroken run, the date and the count of study days grow together.
numbered_days as (
    select
        *,
        {{ day_number('local_date') }}
        - row_number() over (partition by user_id order by local_date) as run_number
    from days
),

final as (
    select
        user_id,
        local_date,
        row_number() over (partition by user_id, run_number order by local_date) as streak_days
    from numbered_days
)

select * from final
