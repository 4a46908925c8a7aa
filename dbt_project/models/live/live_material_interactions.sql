{{ config(schema='live', alias='material_interactions', access='public') }}

{{ live_rows('material_interactions') }}
