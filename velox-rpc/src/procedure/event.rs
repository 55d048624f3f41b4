//! The events of a subscription's stream, with or without an id.

use std::fmt;

use super::events::{MAX_EVENT_ID, RawEvent};
use super::{Outcome, Output};
use crate::error::{Error, Result};

/// Marks an item that the stream of a subscription can yield: any [output](Output), or an output
/// with an id, made by [`tracked`].
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::{Event, Tracked, tracked};
///
/// assert_eq!(7.into_parts(), (None, 7));
/// assert_eq!(tracked("a", 7).into_parts(), (Some("a".to_owned()), 7));
/// assert!(<Tracked<u32> as Event>::IS_TRACKED);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an event of a subscription",
    label = "the stream yields this",
    note = "an event is written as JSON and described to clients: put `#[schema]` above `{Self}`, or derive `Serialize` and `JsonSchema`"
)]
pub trait Event: Send + 'static {
    /// The type of the data that the client receives.
    type Data: Output;

    /// `true` if events of this type have ids.
    const IS_TRACKED: bool;

    /// Returns the id of the event, if it has one, and its data.
    fn into_parts(self) -> (Option<String>, Self::Data);
}

#[diagnostic::do_not_recommend]
impl<T: Output> Event for T {
    type Data = T;

    const IS_TRACKED: bool = false;

    fn into_parts(self) -> (Option<String>, T) {
        (None, self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Output> Event for Tracked<T> {
    type Data = T;

    const IS_TRACKED: bool = true;

    fn into_parts(self) -> (Option<String>, T) {
        (Some(self.id), self.data)
    }
}

/// Holds an event with an id. Make it with [`tracked`].
///
/// The tRPC client receives it as `{ id, data }`. In a `Subscription<I, Tracked<T>>` every event is
/// tracked.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::tracked;
///
/// let event = tracked(3, "three");
/// assert_eq!((event.id(), event.data), ("3", "three"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked<T> {
    id: String,
    /// The data that the client receives with the id.
    pub data: T,
}

impl<T> Tracked<T> {
    /// Returns the id, which a client sends back as `lastEventId` when it connects again.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Makes an event with an id, as tRPC's `tracked(id, data)` does.
///
/// When the connection breaks, the client connects again and sends the last id that it received.
/// The input contains this id as `lastEventId`, so that the stream can continue after that event.
///
/// An id has 1 to 1,024 bytes, without line breaks and NUL characters. If an event has any other
/// id, the subscription ends with an internal error.
///
/// # Examples
///
/// ```
/// use futures_util::stream;
/// use velox_rpc::procedure::{Tracked, tracked};
/// use velox_rpc::{Call, Subscription, procedure, router, schema};
///
/// #[schema]
/// pub struct After { pub last_event_id: Option<String> }
///
/// struct Ticks;
///
/// #[router("ticks")]
/// impl Ticks {
///     /// Counts on from the number that the client has seen last.
///     fn count(&self) -> Subscription<After, Tracked<u64>> {
///         procedure().input::<After>().subscription(|Call { input, .. }| {
///             let seen = input.last_event_id.and_then(|id| id.parse().ok()).unwrap_or(0_u64);
///             stream::iter((seen + 1..=10).map(|number| Ok(tracked(number, number))))
///         })
///     }
/// }
/// ```
pub fn tracked<T>(id: impl fmt::Display, data: T) -> Tracked<T> {
    Tracked { id: id.to_string(), data }
}

/// Writes an event as JSON.
pub(super) fn encode<E: Event>(event: E) -> Result<RawEvent> {
    let (id, data) = event.into_parts();
    encoded(id, Outcome::json(&data)?)
}

/// The part of [`encode`] that does not depend on the type.
fn encoded(id: Option<String>, data: Outcome) -> Result<RawEvent> {
    match id {
        Some(id) if id.is_empty() || id.len() > MAX_EVENT_ID || id.contains(['\0', '\r', '\n']) => {
            Err(Error::internal(UnsendableId { id }))
        }
        id => Ok(RawEvent { id, json: data.into_json() }),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an event has the id {id:?}: an id has 1 to {MAX_EVENT_ID} bytes, no line breaks and no NUL")]
struct UnsendableId {
    id: String,
}
