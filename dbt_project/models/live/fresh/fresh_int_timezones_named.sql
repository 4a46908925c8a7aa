{{ fresh_sql('int_timezones_named', reads=['stg_study_events', 'int_timezones_known']) }}
