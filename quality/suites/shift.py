"""Whether rows are distributed otherwise than before, for checks that compare two times."""

LEAST_SAMPLE = 200
"""Of each of the two times whose distributions are compared: with fewer their noise would show."""

MOST_SHIFT = 0.25
"""Population stability index from which on a shift is no noise: the usual bound."""

BOUND = f"the population stability index is at most {MOST_SHIFT}."

SHIFTED_BUCKETS = f"""
        shares as (
            select bucket, recent, before,
                (recent + 0.5) / (sum(recent) over () + 0.5 * count(*) over ()) as share,
                (before + 0.5) / (sum(before) over () + 0.5 * count(*) over ()) as share_before,
                least(sum(recent) over (), sum(before) over ()) as sample_size
            from counted
        ),
        shifts as (
            select *, sum((share - share_before) * ln(share / share_before)) over () as shift
            from shares
        )
        select bucket, recent, before, round(shift, 3) as shift from shifts
        where sample_size >= {LEAST_SAMPLE} and shift > {MOST_SHIFT}
        order by bucket
"""  # noqa: S608 (constants)
"""The rest of a query after its CTE `counted` (bucket, recent, before): all buckets, where their
shares have shifted, else none. Half a row is added to each bucket, or an empty one would make the
index infinite.
"""
