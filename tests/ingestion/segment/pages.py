"""Pages that use an SDK as its makers say, with its host pointed at the service."""

import json
from pathlib import Path

SEGMENT = """<!doctype html><title>Study</title>
<script src="/analytics-next.js"></script>
<script>
const { url, key } = CONFIGURED
const wait = Number(new URLSearchParams(location.search).get('wait') ?? 200)
const segment = { apiKey: key, apiHost: `${url}/v1`,
  deliveryStrategy: { strategy: 'batching', config: { size: 10, timeout: wait } } }
window.analytics = AnalyticsNext.AnalyticsBrowser.load(
  { writeKey: key, cdnSettings: { integrations: { 'Segment.io': segment } } })
window.ready = analytics.ready()
</script>"""

RUDDER = """<!doctype html><title>Study</title>
<script type="module">
import { RudderAnalytics } from '/rudder-analytics.mjs'
const { url, key } = CONFIGURED
window.analytics = new RudderAnalytics()
analytics.load(key, url, { configUrl: url })
window.ready = new Promise((done) => analytics.ready(done))
</script>"""


def page_files(sdks: Path, url: str, key: str) -> dict[str, tuple[bytes, str]]:
    """The pages by path, set up for a service, and the SDKs they load, as they were installed."""
    modules = sdks / "node_modules"
    segment = modules / "@segment" / "analytics-next" / "dist" / "umd" / "index.js"
    bundled = modules / "@rudderstack" / "analytics-js" / "dist" / "npm" / "modern" / "bundled"
    configured = json.dumps({"url": url, "key": key})
    pages = {"/segment": SEGMENT, "/rudder": RUDDER}
    return {
        "/analytics-next.js": (segment.read_bytes(), "text/javascript"),
        "/rudder-analytics.mjs": ((bundled / "esm" / "index.mjs").read_bytes(), "text/javascript"),
        "/favicon.ico": (b"", "image/png"),
        **{
            path: (page.replace("CONFIGURED", configured).encode(), "text/html")
            for path, page in pages.items()
        },
    }
