{{ fresh_sql('question_attempts', reads=['int_events_placed']) }}
