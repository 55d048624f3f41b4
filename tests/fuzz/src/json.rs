//! A JSON body. It is accepted, or rejected with a reason.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use velox_fuzz::Server;

static SERVER: LazyLock<Server> = LazyLock::new(Server::new);

fuzz_target!(|text: &[u8]| {
    let (status, body) = SERVER.ask("POST", "/api/things", text).expect("a request");
    match status.as_u16() {
        201 => assert!(body.is_object()),
        400 if body["code"] == "VALIDATION_ERROR" => {
            let issues = body["details"].as_array().expect("issues");
            assert!(!issues.is_empty() && issues.len() <= 100);
        }
        400 => assert_eq!(body["code"], "INVALID_JSON"),
        status => panic!("{status}: {body}"),
    }
});
