//! The path and the query of a request.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use velox_fuzz::Server;

static SERVER: LazyLock<Server> = LazyLock::new(Server::new);

fuzz_target!(|text: &str| {
    if let Some((status, _)) = SERVER.ask("GET", &format!("/api/things/{text}"), b"") {
        assert!([200, 400, 404, 405, 414].contains(&status.as_u16()), "{status}");
    }
});
