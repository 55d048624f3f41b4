//! The direct caller, without a socket or a wire.

use futures_util::{StreamExt, TryStreamExt};
use http::HeaderMap;
use serde_json::{Value, json};
use velox_reference::AppState;
use velox_rpc::caller::{Caller, Message};
use velox_rpc::{App, Error};

use super::{Outcome, Transport, failure, headers_and_cookies};

pub struct Direct(App<AppState>);

impl Direct {
    pub fn start(app: App<AppState>) -> Self {
        Self(app)
    }

    fn caller(&self, headers: &HeaderMap) -> Caller<AppState> {
        headers.iter().fold(self.0.caller(), |caller, (name, value)| caller.header(name.clone(), value.clone()))
    }
}

impl Transport for Direct {
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome {
        let reply = self.caller(headers).call_named(name, input).await;
        let (headers, cookies) = headers_and_cookies(&reply.headers);
        let result = reply.result.map_err(|error| failure(error.status().as_u16(), envelope(&error)));
        Outcome { result, headers, cookies }
    }

    async fn subscribe(&mut self, name: &str, input: &Value, headers: &HeaderMap, events: usize) -> Outcome {
        let reply = self.caller(headers).subscribe_named(name, input).await;
        let (headers, cookies) = headers_and_cookies(&reply.headers);
        let result = match reply.result {
            Ok(subscribed) => {
                let message = |message: Message<Value>| json!({"id": message.id, "data": message.data});
                subscribed.take(events).map_ok(message).try_collect::<Vec<_>>().await.map(Value::from)
            }
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| failure(error.status().as_u16(), envelope(&error)));
        Outcome { result, headers, cookies }
    }
}

/// Returns an error in the form of the contract.
fn envelope(error: &Error) -> Value {
    let mut body = json!({
        "error": error.name(),
        "message": error.message(),
        "statusCode": error.status().as_u16(),
        "code": error.code(),
    });
    body.as_object_mut().expect("an object").extend(error.members().clone());
    body
}
