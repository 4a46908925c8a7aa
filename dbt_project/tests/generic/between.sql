{#- Values outside a closed range; either bound may be left out. Null passes, NaN does not. -#}
{% test between(model, column_name, minimum=none, maximum=none) %}
    select {{ column_name }}
    from {{ model }}
    where
        false
        {% if minimum is not none %}
            or {{ column_name }} < {{ minimum }}
        {% endif %}
        {% if maximum is not none %}
            or {{ column_name }} > {{ maximum }}
        {% endif %}
{% endtest %}
