// Sends the tracks it is given by one of the SDKs for Node, and waits until it says all is sent.
// Asked by one line of JSON: { sdk, url, key, tracks: [{ userId, event, properties }] }.
import { readFileSync } from 'node:fs'

const { sdk, url, key, tracks } = JSON.parse(readFileSync(0, 'utf8'))

const senders = {
  async segment() {
    const { Analytics } = await import('@segment/analytics-node')
    const analytics = new Analytics({ writeKey: key, host: url, flushAt: 10, flushInterval: 60_000 })
    analytics.on('error', (error) => console.error(error))
    for (const track of tracks) analytics.track(track)
    await analytics.closeAndFlush({ timeout: 30_000 })
  },
  async rudder() {
    const { default: RudderAnalytics } = await import('@rudderstack/rudder-sdk-node')
    const analytics = new RudderAnalytics(key, { dataPlaneUrl: url, flushAt: 10, gzip: true })
    for (const track of tracks) analytics.track(track)
    await analytics.flush()
  },
}

await senders[sdk]()
