{{ fresh_sql('int_topic_days', reads=['int_events_placed', 'int_spans_cut', 'int_days']) }}
