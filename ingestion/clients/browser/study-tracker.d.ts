/** One of the event types of the tracking plan (docs/events.md). */
export type EventType =
  | 'session_start'
  | 'session_end'
  | 'session_pause'
  | 'session_resume'
  | 'material_open'
  | 'material_read'
  | 'material_complete'
  | 'material_highlight'
  | 'material_note'
  | 'material_bookmark'
  | 'question_view'
  | 'question_attempt'
  | 'question_submit'
  | 'quiz_start'
  | 'quiz_complete'
  | 'ai_question_asked'
  | 'ai_response_received'
  | 'ai_feedback_positive'
  | 'ai_feedback_negative'
  | 'ai_hint_requested'
  | 'ai_explanation_requested'
  | 'xp_earned'
  | 'level_up'
  | 'achievement_unlocked'
  | 'streak_continued'
  | 'streak_broken'
  | 'search_performed'
  | 'topic_explored'

/** What an event names and tells; `properties` are those of its type. */
export interface EventFields {
  material_id?: string
  chunk_id?: string
  question_id?: string
  topic_id?: string
  properties?: Record<string, unknown>
}

/** The service's word on an event it did not store. */
export interface Verdict {
  status: 'rejected' | 'conflict'
  code?: string
  path?: string
  message?: string
}

export interface TrackerOptions {
  /** The learner's anonymous id (a UUID). */
  userId: string
  /** Origin of the service; the page's own by default. */
  url?: string
  /**
   * A write key. It is sent as `Authorization: Bearer`, and anybody who sees the page can read it:
   * give the browser a key of its own. Without one (the page's own server adds it, or the service
   * takes any local sender) the events of a closing page go by `sendBeacon`.
   */
  key?: string
  /** Called for each event that was rejected or in conflict; it is not sent again. */
  onRefused?: (event: EventFields & Record<string, unknown>, verdict: Verdict) => void
}

/**
 * Tracks one learner's session in this browser, over all tabs of the origin.
 *
 * Opens a session (`session_start`) unless one is under way; ends it (`session_end`) after 30
 * minutes without activity, dated by the last one. Sends at 10 events or 30 seconds, when the page
 * is hidden, and when the network comes back; what has no verdict yet waits in localStorage.
 */
export class StudyTracker {
  constructor(options: TrackerOptions)
  /** Verdicts so far, and events dropped because 1,000 were waiting already or storage is full. */
  readonly counts: Record<'accepted' | 'duplicate' | 'rejected' | 'conflict' | 'dropped', number>
  /** Queue an event; returns its id, or null where it was dropped. Opens a session if none is. */
  track(type: EventType, fields?: EventFields): string | null
  /**
   * Send a `material_read` for every 30 seconds in which the page is visible and the learner has
   * moved, typed or scrolled within the last minute. `depth` tells how far down they are, in
   * percent; the page's own scrolling by default. Returns what ends it, with more to tell:
   * `stop({ is_complete: true })`. Reading something else ends it, too.
   */
  startReading(
    fields: EventFields & { material_id: string },
    depth?: () => number,
  ): (properties?: Record<string, unknown>) => void
  /** Send what waits, as soon as the service's `Retry-After` allows. */
  flush(): Promise<void>
  /** The learner ends the session. The next `track` opens another. */
  end(): Promise<void>
  /** Let go of the page: no more timers and listeners. The session goes on. */
  close(): Promise<void>
}
