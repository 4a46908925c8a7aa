{#-
    Transactions of which the log holds more or fewer events than were booked as accepted when they
    were committed. Transactions before the first one booked have no books; 2 is what events of
    a restored dump are stamped with, booked or not.
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
    )

    select
        ingest_xid,
        booked.event_count as booked_count,
        stored.event_count as stored_count
    from booked
    full outer join stored using (ingest_xid)
    where coalesce(booked.event_count, 0) != coalesce(stored.event_count, 0)
{% endtest %}
