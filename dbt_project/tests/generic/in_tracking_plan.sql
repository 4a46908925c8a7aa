{#- Values outside a list of the tracking plan. Null passes. -#}
{% test in_tracking_plan(model, column_name, list_name) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} not in {{ tracking_plan_list(list_name) }}
    group by {{ column_name }}
{% endtest %}
