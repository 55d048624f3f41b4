//! Writes server-sent events in the format that `httpSubscriptionLink` of `@trpc/client` reads, and
//! reads the id of the last event that a client has seen. REST routes send the same events. Only
//! the format of an error differs.

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::procedure::{MAX_EVENT_ID, RawEvent};

/// Sent while nothing happens, so that the client and any proxies see that the connection is alive.
pub(crate) const PING: &[u8] = b"event: ping\ndata: \n\n";

pub(super) const RETURN: &[u8] = b"event: return\ndata: \n\n";

/// Returns the first event, which reports that the subscription has started. It tells tRPC's client
/// after how long a silence to connect again. `retry` tells the browser how long to wait before it
/// does.
pub(super) fn connected(reconnect_after: Option<Duration>, retry: Option<Duration>) -> Vec<u8> {
    let after = reconnect_after.map(|after| format!("\"reconnectAfterInactivityMs\":{}", after.as_millis()));
    let mut text = retry.map_or_else(String::new, |retry| format!("retry: {}\n", retry.as_millis())).into_bytes();
    text.extend(named("connected", format!("{{{}}}", after.unwrap_or_default()).as_bytes()));
    text
}

/// Returns the text of an event from the handler's stream.
pub(super) fn message(event: RawEvent) -> Vec<u8> {
    let RawEvent { id, json } = event;
    let mut text = Vec::with_capacity(json.len() + id.as_ref().map_or(0, String::len) + 16);
    push(&mut text, "data", &json);
    if let Some(id) = id {
        push(&mut text, "id", id.as_bytes());
    }
    text.push(b'\n');
    text
}

/// Returns the text of the event that ends a failed subscription.
pub(super) fn failed(json: &[u8]) -> Vec<u8> {
    named("serialized-error", json)
}

fn named(name: &str, json: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(json.len() + 32);
    push(&mut text, "event", name.as_bytes());
    push(&mut text, "data", json);
    text.push(b'\n');
    text
}

/// Writes a field and its value in one line. Line breaks in JSON occur only between its tokens, so
/// a space can replace them. An id has no line breaks.
fn push(text: &mut Vec<u8>, field: &str, value: &[u8]) {
    text.extend(field.as_bytes());
    text.extend(b": ");
    text.extend(value.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    text.push(b'\n');
}

/// Sets the headers of a reply that consists of events.
pub(super) fn head(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Keep any other cache directives. A proxy that compressed the reply would delay events.
    headers.append(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}

/// Returns the id of the last event that the client has seen. `EventSource` sends it when it
/// connects again.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<&str>> {
    let id = headers.get("last-event-id").map(|id| std::str::from_utf8(id.as_bytes()));
    match id.transpose() {
        Ok(id) => Ok(id.filter(|id| !id.is_empty())),
        Err(_) => Err(Error::bad_request("The last event id is not UTF-8")),
    }
}

/// Refuses an id that is longer than any that the server sends.
pub(super) fn check_last_event_id(id: &str) -> Result<()> {
    if id.len() <= MAX_EVENT_ID { Ok(()) } else { Err(Error::bad_request("The last event id is too long")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn events_are_written_as_trpc_writes_them() {
        assert_eq!(text(connected(None, None)), "event: connected\ndata: {}\n\n");
        let second = Some(Duration::from_secs(1));
        assert_eq!(text(connected(None, second)), "retry: 1000\nevent: connected\ndata: {}\n\n");
        let with_time = "event: connected\ndata: {\"reconnectAfterInactivityMs\":5000}\n\n";
        assert_eq!(text(connected(Some(Duration::from_secs(5)), None)), with_time);
        let event = |id: Option<&str>| RawEvent { id: id.map(str::to_owned), json: br#"{"i":0}"#.to_vec() };
        assert_eq!(text(message(event(Some("0")))), "data: {\"i\":0}\nid: 0\n\n");
        assert_eq!(text(message(event(None))), "data: {\"i\":0}\n\n");
        assert_eq!(text(failed(b"{}")), "event: serialized-error\ndata: {}\n\n");
    }

    /// JSON from other writers may contain line breaks. None of them may begin a new field.
    #[test]
    fn no_line_of_the_data_can_start_a_field() {
        let event = RawEvent { id: None, json: b"{\r\n\"a\":1,\nevent: return\r}".to_vec() };
        assert_eq!(text(message(event)), "data: {  \"a\":1, event: return }\n\n");
    }
}
