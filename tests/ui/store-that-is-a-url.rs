use velox_session::session_middleware;

fn main() {
    let _ = session_middleware("a development secret of 32 bytes or more").store("redis://localhost");
}
