//! Tests what is logged once per process. It is a separate binary, because any other test may be
//! the one that logs it.

use velox_tests::{Log, SessionsApp};

#[tokio::test]
async fn a_replaced_cache_header_is_logged_once_per_process() {
    let app = SessionsApp::start();
    let log = Log::listen();
    for _ in 0..3 {
        for does in ["read", "fail"] {
            app.visitor().get(&format!("/api/session/says?said=public&does={does}")).await;
            app.visitor().get(&format!("/api/session/says?said=private&does={does}")).await;
        }
    }
    let lines = log.lines();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("WARN message=a handler allowed shared caches"), 1, "{lines:?}");
    assert_eq!(count("INFO message=a call failed after its handler allowed shared caches"), 1, "{lines:?}");
}
