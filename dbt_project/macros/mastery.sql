{#- The name of the model behind a mastery score: readers tell by it which scores compare. -#}
{% macro mastery_model_version() -%}
    'laplace-1'
{%- endmacro %}


{#- The mean of what is believed of a chance, all chances alike before so many right of so many. -#}
{% macro mastery_score(correct, attempted) -%}
    (cast({{ correct }} + 1 as double precision) / ({{ attempted }} + 2))
{%- endmacro %}


{#-
    A bound of Wilson's 95 % interval, written in counts (z = 1.96, z² = 3.8416); `sign` is - for
    the lower and + for the upper. The lower of nothing right is 0 and the upper of all right is 1,
    which rounding would miss by a last bit: callers write these.
-#}
{% macro wilson_bound(correct, attempted, sign) -%}
    (
        cast({{ correct }} as double precision) + 1.9208
        {{ sign }} 1.96 * sqrt(
            cast({{ correct }} * ({{ attempted }} - {{ correct }}) as double precision)
            / {{ attempted }} + 0.9604
        )
    ) / ({{ attempted }} + 3.8416)
{%- endmacro %}
