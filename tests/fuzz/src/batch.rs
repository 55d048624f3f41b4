//! A batch of tRPC calls. The text holds the names of the procedures, a line break, and the inputs.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use velox_fuzz::Server;

static SERVER: LazyLock<Server> = LazyLock::new(Server::new);

fuzz_target!(|text: &str| {
    let (names, inputs) = text.split_once('\n').unwrap_or(("things.createThing,things.createThing", text));
    SERVER.ask("POST", &format!("/trpc/{names}?batch=1"), inputs.as_bytes());
});
