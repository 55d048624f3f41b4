//! Tests requests that are dropped while they wait for Redis. The session is either as before or as
//! after the request, and no other request is held up.

use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_tests::redis::{Fault, Proxy, RedisServer};
use velox_tests::{Browser, Reply, SessionsApp};

/// Polls a future once and then after each of `polls` wake-ups, and drops it. Returns its output if
/// it is ready by then.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn app(url: &str) -> SessionsApp {
    let store = RedisStore::connect(url).expect("an address");
    SessionsApp::with(|settings| settings.store(store.clone()).clock(SystemClock))
}

fn alice() -> Value {
    json!({"email": "alice@example.com", "password": "wonderland-1"})
}

async fn is_alice(browser: &Browser) -> bool {
    let status = browser.start_get("/api/auth/profile").await.status.as_u16();
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

async fn counted(browser: &Browser) -> u64 {
    browser.start_get("/api/session/data").await.result()["count"].as_u64().unwrap_or(0)
}

/// Repeats a request and drops it at each place where it waits, until it finishes first. `look`
/// checks the state after each attempt.
async fn at_every_wait<Look: Future<Output = ()>>(
    app: &SessionsApp,
    (target, body): (&str, &Value),
    look: impl Fn(Browser, Option<Reply>) -> Look,
) {
    for polls in 0.. {
        let browser = app.alice().await;
        let reply = dropped_after(polls, browser.start_post(target, body)).await;
        let is_answered = reply.is_some();
        look(browser, reply).await;
        if is_answered {
            assert!(polls >= 2, "{target} waits for Redis at least twice, and waited {polls} times");
            break;
        }
    }
}

#[tokio::test]
async fn a_dropped_write_is_saved_completely_or_not_at_all() {
    let server = RedisServer::start().await;
    let app = app(&server.url());
    at_every_wait(&app, ("/api/session/count", &json!({})), async |mut browser, reply| {
        let count = counted(&browser).await;
        assert!(if reply.is_some() { count == 1 } else { count <= 1 }, "{count}");
        // The session can be written again at once.
        assert_eq!(browser.post("/api/session/count", json!({})).await.result(), count + 1);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_login_leaves_the_old_session_or_the_new_one() {
    let server = RedisServer::start().await;
    let app = app(&server.url());
    at_every_wait(&app, ("/api/auth/login", &alice()), async |mut browser, reply| {
        let old = is_alice(&browser).await;
        if let Some(reply) = reply {
            assert!(!old, "the old id ends with the reply");
            browser.keep(&reply);
            assert!(is_alice(&browser).await);
        }
        browser.post("/api/auth/login", alice()).await.result();
        assert!(is_alice(&browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_regenerate_leaves_the_old_session_whole_or_ended() {
    let server = RedisServer::start().await;
    let app = app(&server.url());
    at_every_wait(&app, ("/api/session/regenerate", &json!({})), async |browser, reply| {
        let info = browser.start_get("/api/session/info").await.result();
        let whole = json!({"isNew": false, "authenticated": true, "userId": "u1"});
        let dead = json!({"isNew": true, "authenticated": false, "userId": null});
        assert!(info == dead || info == whole && reply.is_none(), "{info}");
    })
    .await;
}

#[tokio::test]
async fn a_dropped_logout_happens_or_does_not() {
    let server = RedisServer::start().await;
    let app = app(&server.url());
    at_every_wait(&app, ("/api/auth/logout", &json!({})), async |mut browser, reply| {
        if is_alice(&browser).await {
            assert!(reply.is_none(), "the request succeeded without effect");
            browser.post("/api/auth/logout", json!({})).await.result();
        }
        assert!(!is_alice(&browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_waits_for_redis_does_not_delay_others() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let app = app(&proxy.url());
    let alice = app.alice().await;
    for target in ["/api/session/count", "/api/session/regenerate", "/api/auth/login"] {
        let browser = app.alice().await;
        // The reply only comes after the request was dropped. Another application uses the same
        // Redis without the proxy.
        proxy.set_once(Fault::Silence);
        let slow = tokio::spawn(browser.start_post(target, &self::alice()));
        while proxy.is_waiting() {
            tokio::task::yield_now().await;
        }
        let other = self::app(&server.url());
        let mut same = other.visitor();
        same.plant("session", &browser.value("session"));
        let since = Instant::now();
        assert_eq!(same.post("/api/session/count", json!({})).await.result(), 1, "{target}");
        slow.abort();
        assert!(slow.await.expect_err("it was dropped").is_cancelled());
        assert_eq!(same.post("/api/session/count", json!({})).await.result(), 2, "{target}");
        assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
        // The application of the dropped request reconnects within the deadline of one command.
        let since = Instant::now();
        while alice.start_get("/api/auth/profile").await.status != 200 {
            assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
        }
    }
}

/// Longer than a request waits for its session. No request waits for a lock.
const PATIENCE: Duration = Duration::from_secs(4);
