{{ config(schema='live', alias='daily_user_stats', access='public') }}

{{ live_rows('daily_user_stats') }}
