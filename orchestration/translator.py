"""How a dbt model becomes an asset: its schema and table are its key, its schema is its group."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.defs.dbt.lineage import column_lineage

OWNER = "team:analytics"
LINEAGE_ENTRY = "dagster/column_lineage"
STAGING = dg.AssetKey(["staging", "stg_study_events"])
BOOKS = dg.AssetKey(["raw", "landings"])
VIEWS = ("staging", "live")
BUILT_NIGHTLY = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=49), warn_window=timedelta(hours=25)
)
"""Late once a nightly run is missed, stale once two are."""


class WarehouseTranslator(DagsterDbtTranslator):
    """Names assets `[schema, table]`: the name the table has in SQL, in dbt and in Dagster."""

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_code_references=True, enable_source_tests_as_checks=True
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Schema and table as the database knows them."""
        table = dbt_resource_props.get("identifier") or dbt_resource_props["alias"]
        return dg.AssetKey([dbt_resource_props["schema"], table])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema: one layer, one group."""
        return str(dbt_resource_props["schema"])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Give every model an owner, unless it names its own, its columns' lineage, and a term."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        lineage = column_lineage(spec.key)
        # Staging is held against the books: no load before the log and they are found fit.
        books = [dg.AssetDep(BOOKS)] if spec.key == STAGING else []
        return spec.replace_attributes(
            deps=[*spec.deps, *books],
            owners=spec.owners or [OWNER],
            metadata={**spec.metadata, **({LINEAGE_ENTRY: lineage} if lineage else {})},
            # A view is as new as what it reads.
            freshness_policy=None if spec.key.path[0] in VIEWS else BUILT_NIGHTLY,
        )

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """Describe a test in its own words, else by what it tests."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        return spec._replace(
            description=describe_test(self.get_resource_props(manifest, unique_id))
        )


def describe_test(props: Mapping[str, Any]) -> str | None:
    """A dbt test in words: its description, else the generic test with its arguments."""
    generic = props.get("test_metadata")
    if props.get("description") or not generic:
        return props.get("description") or None
    arguments = {name: value for name, value in generic["kwargs"].items() if name != "model"}
    column = arguments.pop("column_name", None)
    told = ", ".join(f"{name} {value}" for name, value in sorted(arguments.items()))
    subject = f" of {column}" if column else ""
    return f"dbt's test {generic['name']}{subject}{f': {told}' if told else ''}."
