{#-
    One row where the uuids of a column are not those of the same column of the log, each once, as far
    as this load goes. Compared by count and sum of 64-bit hashes: `unique` would group every key
    there is, in every load, where this reads them once. That one event is missing and another is
    there twice shows in the sum; that two such sums agree is a chance of 2^-64.
-#}
{% test fingerprint(model, column_name, of) %}
    with

    ours as (
        select
            count(*) as row_count,
            {{ sum_of_hashes(column_name) }} as hashes
        from {{ model }}
    ),

    theirs as (
        select
            count(*) as row_count,
            {{ sum_of_hashes(column_name) }} as hashes
        from {{ logged_events(of, all=true) }} as events
    )

    select
        ours.row_count,
        theirs.row_count as logged_count
    from ours
    cross join theirs
    where ours.row_count != theirs.row_count or ours.hashes is distinct from theirs.hashes
{% endtest %}
