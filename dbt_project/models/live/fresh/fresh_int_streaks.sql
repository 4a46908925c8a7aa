{{ fresh_sql('int_streaks', reads=['int_days']) }}
