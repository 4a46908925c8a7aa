{{ fresh_sql('int_events_placed', reads=['stg_study_events', 'int_session_learners', 'int_timezones_named']) }}
