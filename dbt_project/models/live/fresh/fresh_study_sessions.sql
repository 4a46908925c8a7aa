{{ fresh_sql('study_sessions', reads=['int_events_placed', 'question_attempts']) }}
