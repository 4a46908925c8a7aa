"""Who reads the marts, as assets that nothing here builds: the graph ends with them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.defs.dbt.manifest import dbt_project

GROUP = "exposures"


@dg.definitions
def exposure_defs() -> dg.Definitions:
    """An asset for each exposure that the dbt project declares."""
    manifest = json.loads(dbt_project().manifest_path.read_text())
    return dg.Definitions(assets=[*exposure_specs(manifest)])


def exposure_specs(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    """The exposures of a manifest."""
    for exposure in manifest["exposures"].values():
        read = [manifest["nodes"][name] for name in exposure["depends_on"]["nodes"]]
        yield dg.AssetSpec(
            [GROUP, exposure["name"]],
            deps=[dg.AssetKey([model["schema"], model["alias"]]) for model in read],
            description=exposure["description"],
            group_name=GROUP,
            kinds={str(exposure["type"])},
            owners=[exposure["owner"]["email"]],
            metadata={"maturity": exposure["maturity"], "label": exposure["label"]},
        )
