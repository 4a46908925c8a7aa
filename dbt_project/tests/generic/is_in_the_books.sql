{#-
    Transactions of which the log holds more or fewer events than were booked as accepted when they
    were committed. Transactions before the first one booked have no books; 2 is what events of
    a restored dump are stamped with, booked or not.

    Which transactions the events of archived months are of, nobody keeps: with them, the transactions
    up to the last of theirs are counted together.
-#}
{% test is_in_the_books(model, books) %}
    with

    booked as (
        select
            ingest_xid,
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
        where ingest_xid >= (select ingest_xid from booked order by ingest_xid limit 1)
        group by ingest_xid
    ),

    archived as (
        select
            coalesce(sum(archives.booked_count), 0) as event_count,
            (
                select last_xid from ops.archives
                where month in (select month from ops.months_away)
                order by last_xid desc
                limit 1
            ) as last_xid
        from ops.archives as archives
        inner join ops.months_away as away on archives.month = away.month
    ),

    compared as (
        select
            coalesce(booked.ingest_xid, stored.ingest_xid) as ingest_xid,
            coalesce(booked.event_count, 0) as booked_count,
            coalesce(stored.event_count, 0) as stored_count,
            coalesce(
                coalesce(booked.ingest_xid, stored.ingest_xid) <= archived.last_xid, false
            ) as is_partly_archived
        from booked
        full outer join stored on booked.ingest_xid = stored.ingest_xid
        cross join archived
    ),

    together as (
        select
            archived.last_xid as ingest_xid,
            sum(compared.booked_count) as booked_count,
            sum(compared.stored_count) + archived.event_count as stored_count
        from compared
        cross join archived
        where compared.is_partly_archived
        group by archived.last_xid, archived.event_count
    )

    select
        ingest_xid,
        booked_count,
        stored_count
    from compared
    where not is_partly_archived and booked_count != stored_count
    union all
    select
        ingest_xid,
        booked_count,
        stored_count
    from together
    where booked_count != stored_count
{% endtest %}
