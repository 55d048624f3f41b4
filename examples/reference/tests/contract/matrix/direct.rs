//! The direct caller: no socket, no wire.

use http::HeaderMap;
use serde_json::{Value, json};
use velox_reference::AppState;
use velox_rpc::{App, Error};

use super::{Outcome, Transport, failure, headers_and_cookies};

pub struct Direct(App<AppState>);

impl Direct {
    pub fn start(app: App<AppState>) -> Self {
        Self(app)
    }
}

impl Transport for Direct {
    async fn call(&mut self, name: &str, input: &Value, headers: &HeaderMap) -> Outcome {
        let mut caller = self.0.caller();
        for (name, value) in headers {
            caller = caller.header(name.clone(), value.clone());
        }
        let reply = caller.exchange_named(name, input).await;
        let (headers, cookies) = headers_and_cookies(&reply.headers);
        let result = reply.result.map_err(|error| failure(error.status().as_u16(), envelope(&error)));
        Outcome { result, headers, cookies }
    }
}

/// An error as the contract has it.
fn envelope(error: &Error) -> Value {
    let mut body = json!({
        "error": error.name(),
        "message": error.message(),
        "statusCode": error.status().as_u16(),
        "code": error.tag(),
    });
    body.as_object_mut().expect("an object").extend(error.members().clone());
    body
}
