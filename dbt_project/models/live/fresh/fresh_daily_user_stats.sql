{{ fresh_sql('daily_user_stats', reads=['int_days', 'int_streaks', 'int_topic_days', 'study_sessions', 'question_attempts']) }}
