//! Reads the events of a subscription from the text of a reply.

use http_body_util::BodyExt;
use serde_json::{Value, json};
use velox_rpc::service::Body;

/// Reads this many events of a reply, or all. An error is the one with which the subscription
/// failed.
pub async fn read(mut body: Body, count: usize) -> Result<Value, Value> {
    let (mut text, mut messages) = (String::new(), Vec::new());
    let mut connected = false;
    loop {
        while let Some((event, rest)) = text.split_once("\n\n") {
            let (event, rest) = (event.to_owned(), rest.to_owned());
            text = rest;
            match field(&event, "event") {
                Some("connected") => connected = true,
                Some("serialized-error") => return Err(data(&event)),
                Some("return") => return Ok(messages.into()),
                Some(name) => assert_eq!(name, "ping"),
                None => messages.push(json!({"id": field(&event, "id"), "data": data(&event)})),
            }
        }
        if connected && messages.len() >= count {
            messages.truncate(count);
            return Ok(messages.into());
        }
        let frame = body.frame().await.expect("it goes on").expect("no error");
        text.push_str(std::str::from_utf8(&frame.into_data().expect("data")).expect("text"));
    }
}

fn field<'e>(event: &'e str, name: &str) -> Option<&'e str> {
    event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn data(event: &str) -> Value {
    serde_json::from_str(field(event, "data").expect("data")).expect("JSON")
}
