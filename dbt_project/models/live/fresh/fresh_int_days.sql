{{ fresh_sql('int_days', reads=['int_events_placed', 'int_spans_cut']) }}
