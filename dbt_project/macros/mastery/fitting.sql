{#-
    The chance of a right answer out of so many, as a logit, drawn towards what is expected of its kind:
    that counts like `weight` answers.
-#}
{% macro smoothed_logit(right, answers, prior_logit, weight) -%}
    {%- set prior = '(' ~ weight ~ ' / (1 + exp(-(' ~ prior_logit ~ '))))' -%}
    ln(({{ right }} + {{ prior }}) / ({{ answers }} - {{ right }} + {{ weight }} - {{ prior }}))
{%- endmacro %}
