{{ fresh_sql('int_spans_cut', reads=['int_events_placed']) }}
