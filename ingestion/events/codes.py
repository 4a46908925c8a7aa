"""Why an event was turned away: every code a verdict may carry, and what it means."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """A rejection code. Senders branch on these, so a code once published keeps its meaning."""

    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    UNSUPPORTED_SCHEMA_VERSION = "unsupported_schema_version"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_PROPERTY = "unknown_property"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    INVALID_VALUE = "invalid_value"
    UNSTORABLE_TEXT = "unstorable_text"
    NOT_FINITE = "not_finite"
    PRIVATE_DATA = "private_data"
    OCCURRED_AT_REQUIRED = "occurred_at_required"
    OCCURRED_AT_OUT_OF_RANGE = "occurred_at_out_of_range"
    MONTH_ARCHIVED = "month_archived"
    CONFLICT = "conflict"
    UNMAPPED_EVENT = "unmapped_event"
    TRAITS_NOT_STORED = "traits_not_stored"
    PRIVATE_TRAITS = "private_traits"
    LEARNER_FORGOTTEN = "learner_forgotten"


MEANINGS: Mapping[Code, str] = MappingProxyType(
    {
        Code.NOT_AN_OBJECT: "The event is not a JSON object.",
        Code.UNKNOWN_EVENT_TYPE: "`event_type` is not in the tracking plan.",
        Code.UNSUPPORTED_SCHEMA_VERSION: "`schema_version` is not one this event type has.",
        Code.UNKNOWN_FIELD: "The event has a top-level field that no event has.",
        Code.UNKNOWN_PROPERTY: "`properties` has a name that this event type does not have.",
        Code.MISSING_FIELD: "A required field or property is absent or null.",
        Code.WRONG_TYPE: "The value is of another JSON type than the plan says.",
        Code.OUT_OF_RANGE: "A number, a length or a count is outside its bounds.",
        Code.INVALID_VALUE: "Right type, but not one of the accepted values or not in its format.",
        Code.UNSTORABLE_TEXT: "A string or a name holds a NUL character or half a surrogate pair.",
        Code.NOT_FINITE: "A number is NaN or infinite.",
        Code.PRIVATE_DATA: (
            "An id, or a name among the filters, is an e-mail address. Texts are redacted; an id "
            "cannot be, for two things would become one."
        ),
        Code.OCCURRED_AT_REQUIRED: (
            "The `event_id` is not a UUIDv7 of about now, so without `occurred_at` a retry "
            "could not be told from a new event."
        ),
        Code.OCCURRED_AT_OUT_OF_RANGE: (
            "The event's time is over 24 h ahead of its receipt, before 1970, or in a month "
            "that is not open."
        ),
        Code.MONTH_ARCHIVED: (
            "The event's month is in the archive: it came two years late. It is kept, and can be "
            "replayed once the month is restored and reopened (archive.md)."
        ),
        Code.CONFLICT: "An event with this `event_id` and other content is already stored.",
        Code.UNMAPPED_EVENT: (
            "By Segment's API: the name of an event, a page or a screen that is mapped to no event "
            "type. It is kept, and can be replayed once the name is mapped (segment.md)."
        ),
        Code.TRAITS_NOT_STORED: (
            "By Segment's API: an `identify`, `group` or `alias` call. It says nothing that "
            "happened, and there is no place for traits of a person: none is kept."
        ),
        Code.PRIVATE_TRAITS: "The same, and among the traits are personal data. None is kept.",
        Code.LEARNER_FORGOTTEN: (
            "The learner was erased (`study forget`). Nothing of the event is kept, not even among "
            "the failed events: stop sending."
        ),
    }
)
