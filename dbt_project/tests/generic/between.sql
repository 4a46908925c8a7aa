{#- Values outside a closed range; either bound may be left out. Null passes, NaN does not. -#}
{% test between(model, column_name, minimum=none, maximum=none) %}
    select {{ column_name }}
    from {{ model }}
    where
        {{ column_name }} < {{ minimum if minimum is not none else column_name }}
        or {{ column_name }} > {{ maximum if maximum is not none else column_name }}
{% endtest %}
