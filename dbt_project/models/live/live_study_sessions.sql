{{ config(schema='live', alias='study_sessions', access='public') }}

{{ live_rows('study_sessions') }}
