{{ fresh_sql('material_interactions', reads=['int_events_placed']) }}
