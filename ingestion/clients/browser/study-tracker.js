// Study events from a browser; how to use it is in study-tracker.d.ts and docs/clients.md.
// An event is an entry of its own in localStorage until its verdict: tabs share the queue without
// rewriting it, and what is sent twice has one id.

const ROUTE = '/api/analytics/events/batch'
const EVENT = 'study:event:'
const SESSION = 'study:session'
const FLUSH_EVENTS = 10
const FLUSH_MS = 30_000
const IDLE_MS = 30 * 60_000
const HEARTBEAT_MS = 30_000
const STILL_MS = 60_000 // who moves nothing for so long does not read
const MOST_EVENTS = 1_000
const BATCH_EVENTS = 100
const BATCH_CHARACTERS = 20_000 // 64 KiB of UTF-8 at most may outlive the page
const ACTIVITY = ['pointerdown', 'pointermove', 'keydown', 'scroll', 'touchstart']

// Where storage is closed an object stands in, until the page ends.
const standIn = Object.create({
  getItem(name) { return this[name] ?? null },
  setItem(name, text) { this[name] = text },
  removeItem(name) { delete this[name] },
})
const store = (() => {
  try {
    localStorage.setItem(EVENT, '')
    localStorage.removeItem(EVENT)
    return localStorage
  } catch {
    return standIn
  }
})()
const save = (session) => {
  try {
    store.setItem(SESSION, JSON.stringify(session))
  } catch {} // full: the page must not suffer for it
}
const queued = () => Object.keys(store).filter((name) => name.startsWith(EVENT)).sort()
const locked = (name, act) => navigator.locks?.request(name, act) ?? Promise.resolve().then(act)

const randomTail = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => (byte + 256).toString(16).slice(1)).join('')

const uuid7 = (at, tail = randomTail()) => {
  const time = at.toString(16).padStart(12, '0')
  const variant = '89ab'[parseInt(tail[19], 16) & 3]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-${variant}${tail.slice(3, 6)}-${tail.slice(6, 18)}`
}

const deviceType = () =>
  !matchMedia('(pointer: coarse)').matches ? 'web' : Math.min(screen.width, screen.height) < 600 ? 'mobile' : 'tablet'

const pageDepth = () => {
  const page = document.documentElement
  return Math.min(100, (100 * (scrollY + innerHeight)) / page.scrollHeight)
}

export class StudyTracker {
  counts = { accepted: 0, duplicate: 0, rejected: 0, conflict: 0, dropped: 0 }
  #url; #user; #key; #onRefused
  #ending = new AbortController()
  #sending; #upTo; #hidden; #reading
  #most = BATCH_EVENTS
  #failures = 0; #notBefore = 0; #askedUntil = 0; #latest = 0
  #moved = Date.now()
  #saved = 0

  constructor({ url = '', userId, key, onRefused = () => {} }) {
    this.#url = url + ROUTE
    this.#user = userId
    this.#key = key
    this.#onRefused = onRefused
    const listen = (target, type, act) =>
      target.addEventListener(type, act, { signal: this.#ending.signal, passive: true, capture: true })
    for (const type of ACTIVITY) listen(window, type, () => this.#move())
    listen(document, 'visibilitychange', () => (document.hidden ? this.#hide() : this.#show()))
    listen(window, 'pagehide', () => this.#hide())
    listen(window, 'pageshow', () => this.#show())
    listen(window, 'online', () => {
      this.#notBefore = this.#askedUntil
      this.flush()
    })
    const timer = setInterval(() => this.#tick(), 1_000)
    listen(this.#ending.signal, 'abort', () => clearInterval(timer))
    // Tabs restored together ask in turn, and find the first one's.
    locked(SESSION, () => this.#session())
  }

  track(type, fields = {}) {
    const session = this.#session()
    const at = this.#now()
    this.#touch(session, at)
    return this.#put(type, fields, session, at)
  }

  end() {
    this.#stop()
    const session = this.#load()
    if (session && !session.over) this.#end(session, this.#now(), randomTail())
    store.removeItem(SESSION)
    return this.flush()
  }

  startReading(fields, depth = pageDepth) {
    this.#stop()
    const reading = (this.#reading = { fields, depth, deepest: 0, spent: 0, at: Date.now() })
    this.#move()
    return (properties) => reading === this.#reading && this.#stop(properties)
  }

  flush() {
    this.#upTo = queued().at(-1)
    return (this.#sending ??= locked(EVENT, () => this.#send()))
  }

  close() {
    this.#stop()
    this.#ending.abort()
    return this.flush()
  }

  // Each one later: events of one millisecond would else lose their order.
  #now() {
    const now = Date.now()
    return (this.#latest = now > this.#latest || this.#latest - now > 1_000 ? now : this.#latest + 1)
  }

  #put(type, fields, session, at, id = uuid7(at)) {
    const count = queued().length
    const occurred_at = new Date(at).toISOString()
    const event = { event_id: id, event_type: type, user_id: session.user, session_id: session.id, occurred_at }
    try {
      if (count >= MOST_EVENTS) throw 0
      store.setItem(EVENT + id, JSON.stringify({ ...event, ...fields }))
    } catch {
      this.counts.dropped++ // the oldest are kept
      return null
    }
    if (count + 1 >= FLUSH_EVENTS) this.flush()
    return id
  }

  #load() {
    return JSON.parse(store.getItem(SESSION))
  }

  #session() {
    const found = this.#load()
    if (found && !found.over) {
      if (found.user === this.#user && Date.now() - found.last < IDLE_MS) return found
      this.#timeOut(found)
    }
    const at = this.#now()
    const session = { id: uuid7(at), user: this.#user, start: at, last: at }
    save(session)
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone
    this.#put('session_start', { properties: { device_type: deviceType(), timezone } }, session, at)
    return session
  }

  // Dated where it was left; two tabs that find it so make the same event.
  #timeOut(session) {
    this.#end(session, session.last + 1, session.id.replaceAll('-', '').slice(12))
    save({ ...session, over: true })
  }

  #end(session, at, tail) {
    const duration_seconds = (at - session.start) / 1_000
    this.#put('session_end', { properties: { duration_seconds } }, session, at, uuid7(at, tail))
  }

  #touch(session, at) {
    this.#saved = at
    save({ ...session, last: Math.max(session.last, at) })
  }

  #move() {
    this.#moved = Date.now()
    // After `end` only `track` begins another: the hand still moves on the button.
    if (this.#moved - this.#saved > 5_000 && this.#load()) this.#touch(this.#session(), this.#moved)
  }

  #tick() {
    const session = this.#load()
    if (session && !session.over && Date.now() - session.last >= IDLE_MS) this.#timeOut(session)
    this.#read()
    const names = queued()
    if (!names.length) return
    const oldest = parseInt(names[0].slice(EVENT.length).replace('-', '').slice(0, 12), 16)
    if (names.length >= FLUSH_EVENTS || Math.abs(Date.now() - oldest) >= FLUSH_MS) this.flush()
  }

  #read() {
    const reading = this.#reading
    if (!reading) return
    const now = Date.now()
    // A machine that slept did not read.
    const step = Math.min(now - reading.at, 2_000)
    reading.at = now
    if (document.hidden || now - this.#moved > STILL_MS) return
    reading.spent += step
    reading.deepest = Math.max(reading.deepest, reading.depth())
    if (reading.spent >= HEARTBEAT_MS) this.#report(reading)
  }

  #report(reading, properties) {
    const told = { time_spent_seconds: reading.spent / 1_000, scroll_depth_percent: Math.round(reading.deepest) }
    reading.spent = 0
    const { fields } = reading
    this.track('material_read', { ...fields, properties: { ...told, ...fields.properties, ...properties } })
  }

  #stop(properties) {
    this.#read()
    const reading = this.#reading
    if (reading && (properties || reading.spent >= 1_000)) this.#report(reading, properties)
    this.#reading = null
  }

  #show() {
    this.#hidden = false
    this.#move()
    if (this.#reading) this.#reading.at = Date.now()
  }

  // The page may be gone in a moment: nothing may be waited for, and all stays in storage.
  #hide() {
    if (this.#hidden) return
    this.#hidden = true
    if (this.#reading?.spent >= 1_000) this.#report(this.#reading)
    const batch = this.#batch(queued())
    if (!batch.names.length || Date.now() < this.#notBefore) return
    if (this.#key) this.#post(batch)
    else navigator.sendBeacon(this.#url, this.#body(batch))
  }

  async #send() {
    try {
      for (;;) {
        const batch = this.#batch(queued().filter((name) => name <= this.#upTo))
        if (!batch.names.length || Date.now() < this.#notBefore || !(await this.#post(batch))) return
      }
    } finally {
      this.#sending = null
    }
  }

  #batch(all) {
    const names = []
    const texts = []
    let size = 0
    for (const name of all.slice(0, this.#most)) {
      const text = store.getItem(name) ?? '' // another tab may just have sent it
      if (names.length && size + text.length > BATCH_CHARACTERS) break
      size += text.length
      if (text) names.push(name) && texts.push(text)
    }
    return { names, texts, keepalive: size <= BATCH_CHARACTERS }
  }

  #body({ texts }) {
    return `{"sent_at":"${new Date().toISOString()}","events":[${texts}]}`
  }

  async #post(batch) {
    const answer = await fetch(this.#url, {
      method: 'POST',
      body: this.#body(batch),
      keepalive: batch.keepalive,
      headers: this.#key ? { Authorization: `Bearer ${this.#key}` } : {},
      signal: AbortSignal.timeout(10_000),
    }).catch(() => null)
    const told = await answer?.json().catch(() => null)
    const count = batch.names.length
    if (answer?.ok && told?.results?.length === count) this.#settle(batch, told.results)
    else if (![400, 413, 422].includes(answer?.status)) return this.#wait(answer)
    else if (count > 1) this.#most = count >> 1 // one is to blame: halves find out which
    else this.#settle(batch, [{ status: 'rejected', code: told?.error, message: told?.message }])
    return true
  }

  #settle({ names, texts }, verdicts) {
    this.#failures = 0
    this.#most = Math.min(BATCH_EVENTS, 2 * this.#most)
    verdicts.forEach((verdict, place) => {
      this.counts[verdict.status]++
      store.removeItem(names[place])
      if (!/accepted|duplicate/.test(verdict.status)) this.#onRefused(JSON.parse(texts[place]), verdict)
    })
  }

  #wait(answer) {
    const asked = Math.min(answer?.headers.get('Retry-After') || 0, 3_600) * 1_000 || 0
    const most = Math.min(60_000, 500 * 2 ** this.#failures++)
    this.#askedUntil = Date.now() + asked
    this.#notBefore = Date.now() + Math.max(asked, most * (0.5 + Math.random() / 2))
  }
}
