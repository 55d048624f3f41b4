//! Why a text is no record.

use std::borrow::Cow;

/// Why a text is no record: which field is wrong, in what way, and at which byte. It never says what is in the record, so it may be logged.
///
/// # Examples
///
/// ```
/// use velox_session::Record;
///
/// let text = br#"{"data":{"_createdAt":"secret"},"expiresAt":3000}"#;
/// let error = Record::try_from_json(text).unwrap_err();
/// assert_eq!(error.to_string(), "data._createdAt is not a whole number (byte 22)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {reason} (byte {offset})")]
pub struct RecordError {
    place: &'static str,
    reason: Cow<'static, str>,
    offset: usize,
}

impl RecordError {
    pub(super) fn new(place: &'static str, reason: impl Into<Cow<'static, str>>, offset: usize) -> Self {
        Self { place, reason: reason.into(), offset }
    }

    pub(super) fn missing(place: &'static str) -> Self {
        Self::new(place, "is missing", 0)
    }

    /// Something else than a text is where a record should be, from this byte on.
    pub(crate) fn no_text(offset: usize) -> Self {
        Self::new("record", "is not a text", offset)
    }
}
