{#- Rows for which a condition is not true: false and unknown both fail. -#}
{% test holds(model, condition) %}
    select *
    from {{ model }}
    where ({{ condition }}) is not true
{% endtest %}
