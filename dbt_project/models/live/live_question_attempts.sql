{{ config(schema='live', alias='question_attempts', access='public') }}

{{ live_rows('question_attempts') }}
