{#-
    Transactions of which the log holds more or fewer events than were booked as accepted when they
    were committed. Transactions before the first one booked have no books; 2 is what events of
    a restored dump are stamped with, booked or not.

    Which transactions the events of archived months are of, nobody keeps, and rows of the books are
    drawn together after two years: the transactions up to the last of either are counted together.
    Not at all while the books of an archived month are unknown, which came with another server's dump.
-#}
{% test is_in_the_books(model, books) %}
    with

    booked as (
        select
            ingest_xid,
            coalesce(min(cast(cast(first_xid as text) as bigint)), cast(cast(ingest_xid as text) as bigint))
                as first_xid,
            bool_or(first_xid is not null) as is_drawn_together,
            sum(accepted) as event_count
        from {{ books }}
        where ingest_xid > cast('2' as xid8)
        group by ingest_xid
    ),

    stored as (
        select
            ingest_xid,
            count(*) as event_count
        from {{ model }}
        where ingest_xid >= (select cast(cast(min(first_xid) as text) as xid8) from booked)
        group by ingest_xid
    ),

    archived as (
        select
            coalesce(sum(archives.booked_count), 0) as event_count,
            coalesce(bool_and(archives.booked_count is not null), true) as is_known
        from ops.archives as archives
        inner join ops.months_away as away on archives.month = away.month
    ),

    ends as (
        select ingest_xid from booked
        where is_drawn_together
        union all
        select last_xid from ops.archives
        where month in (select month from ops.months_away)
    ),

    compared as (
        select
            coalesce(booked.ingest_xid, stored.ingest_xid) as ingest_xid,
            coalesce(booked.event_count, 0) as booked_count,
            coalesce(stored.event_count, 0) as stored_count,
            coalesce(
                coalesce(booked.ingest_xid, stored.ingest_xid)
                <= (select ingest_xid from ends where ingest_xid is not null order by ingest_xid desc limit 1),
                false
            ) as is_past
        from booked
        full outer join stored on booked.ingest_xid = stored.ingest_xid
    ),

    together as (
        select
            cast(null as xid8) as ingest_xid,
            sum(compared.booked_count) as booked_count,
            sum(compared.stored_count) + archived.event_count as stored_count
        from compared
        cross join archived
        where compared.is_past and archived.is_known
        group by archived.event_count
    )

    select
        ingest_xid,
        booked_count,
        stored_count
    from compared
    where not is_past and booked_count != stored_count
    union all
    select
        ingest_xid,
        booked_count,
        stored_count
    from together
    where booked_count != stored_count
{% endtest %}
