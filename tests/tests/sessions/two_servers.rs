//! Tests two servers of one application, over sockets, with sessions in one Redis: what one server
//! does also holds for the other.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use velox_rpc::Server;
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_tests::SessionsApp;
use velox_tests::redis::RedisServer;

/// The two servers and their Redis.
struct Sites {
    addresses: [SocketAddr; 2],
    client: reqwest::Client,
    _stops: [oneshot::Sender<()>; 2],
    _redis: RedisServer,
}

impl Sites {
    async fn start() -> Self {
        let redis = RedisServer::start().await;
        let (one, other) = (serve(&redis).await, serve(&redis).await);
        let (addresses, stops) = ([one.0, other.0], [one.1, other.1]);
        Self { addresses, client: reqwest::Client::new(), _stops: stops, _redis: redis }
    }

    /// A client of one of the servers, with or without a cookie.
    fn at(&self, server: usize, cookie: Option<&str>) -> Visit {
        let address = self.addresses[server % 2];
        Visit { client: self.client.clone(), address, cookie: cookie.map(str::to_owned) }
    }
}

/// Starts a server with its own connection to Redis. The servers do not know each other.
async fn serve(redis: &RedisServer) -> (SocketAddr, oneshot::Sender<()>) {
    let store = RedisStore::connect(&redis.url()).expect("an address");
    let app = SessionsApp::with(|settings| settings.store(store).clock(SystemClock));
    let bound = Server::new(app.visitor().service().clone()).bind("127.0.0.1:0").await.expect("a free port");
    let address = bound.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(bound.run_until(async {
        let _ = stopped.await;
    }));
    (address, stop)
}

#[derive(Clone)]
struct Visit {
    client: reqwest::Client,
    address: SocketAddr,
    cookie: Option<String>,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    /// The session cookie, if the response sets one. Empty if the response removes it.
    cookie: Option<String>,
    body: Value,
}

impl Visit {
    async fn get(self, path: &str) -> Answer {
        let request = self.client.get(format!("http://{}/api/{path}", self.address));
        self.send(request).await
    }

    async fn post(self, path: &str, body: Value) -> Answer {
        let request = self.client.post(format!("http://{}/api/{path}", self.address));
        let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        self.send(request).await
    }

    async fn send(self, request: reqwest::RequestBuilder) -> Answer {
        let request = match &self.cookie {
            Some(cookie) => request.header(COOKIE, format!("session={cookie}")),
            None => request,
        };
        let response = request.send().await.expect("it answers");
        let status = response.status();
        let lines: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
        assert!(lines.len() <= 1, "A17: {lines:?}");
        let line = lines.first().map(|line| line.to_str().expect("text").to_owned());
        let cookie = line.and_then(|line| line.strip_prefix("session=")?.split(';').next().map(str::to_owned));
        let body = response.bytes().await.expect("a body");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
        Answer { status, cookie, body }
    }

    /// Logs Alice in and returns her new cookie.
    async fn log_in(self) -> String {
        let answer = self.post("auth/login", json!({"email": "alice@example.com", "password": "wonderland-1"})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.cookie.expect("a cookie")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_counts_every_successful_request_on_both_servers() {
    let sites = Sites::start().await;
    let cookie = sites.at(0, None).log_in().await;
    let mut tasks = JoinSet::new();
    for number in 0..32 {
        let visit = sites.at(number, Some(&cookie));
        tasks.spawn(async move {
            let mut succeeded = 0;
            for _ in 0..25 {
                let status = visit.clone().post("session/count", json!({})).await.status;
                succeeded += usize::from(status.is_success());
                assert!(status.is_success() || [409, 503].contains(&status.as_u16()), "C5: {status}");
            }
            succeeded
        });
    }
    let succeeded = tasks.join_all().await.into_iter().sum::<usize>();
    assert!(succeeded > 400, "conflicts are resolved: {succeeded}");
    for server in 0..2 {
        assert_eq!(sites.at(server, Some(&cookie)).get("session/data").await.body["count"], succeeded);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_on_one_server_is_not_undone_by_a_save_on_the_other() {
    let sites = Sites::start().await;
    for round in 0..30 {
        let cookie = sites.at(round, None).log_in().await;
        let mut saves = JoinSet::new();
        for number in 0..6 {
            let visit = sites.at(round + 1, Some(&cookie));
            saves.spawn(async move {
                let body = json!({"key": format!("k{number}"), "value": 1});
                visit.post("session/set", body).await
            });
        }
        let left = sites.at(round, Some(&cookie)).post("auth/leave", json!({})).await;
        assert_eq!((left.status, left.cookie.as_deref()), (StatusCode::OK, Some("")), "F6: {left:?}");
        let saved = saves.join_all().await;
        for server in 0..2 {
            let profile = sites.at(server, Some(&cookie)).get("auth/profile").await;
            assert_eq!(profile.status, StatusCode::UNAUTHORIZED, "round {round}: {profile:?}");
        }
        // Requests that came too late began a visitor's session, or none. None of them is logged
        // in.
        for cookie in saved.into_iter().filter_map(|answer| answer.cookie).filter(|sent| *sent != cookie) {
            let profile = sites.at(0, Some(&cookie)).get("auth/profile").await;
            assert_eq!(profile.status, StatusCode::UNAUTHORIZED, "round {round}: {profile:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_eight_readers_on_both_servers_gets_a_message() {
    let sites = Sites::start().await;
    for round in 0..30 {
        let cookie = sites.at(round, None).log_in().await;
        let flashed = sites.at(round, Some(&cookie)).post("session/flash", json!({"key": "f", "value": "Saved"})).await;
        assert!(flashed.status.is_success(), "{flashed:?}");
        let mut readers = JoinSet::new();
        for number in 0..8 {
            let visit = sites.at(number, Some(&cookie));
            readers.spawn(async move { visit.get("session/message?key=f").await });
        }
        let answers = readers.join_all().await;
        assert!(answers.iter().all(|answer| answer.status.is_success()), "{answers:?}");
        let delivered = answers.iter().filter(|answer| answer.body == "Saved").count();
        assert_eq!(delivered, 1, "round {round}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_on_one_server_ends_the_old_id_on_the_other() {
    let sites = Sites::start().await;
    for round in 0..30 {
        let old = sites.at(round, None).log_in().await;
        let counted = AtomicUsize::new(0);
        let count = async |server: usize| {
            let answer = sites.at(server, Some(&old)).post("session/count", json!({})).await;
            // A request that succeeds has written to the session that goes on. The others get a
            // 409, or find no session because they are too late, and begin another.
            assert!(answer.status.is_success() || answer.status == StatusCode::CONFLICT, "{answer:?}");
            let is_kept = answer.status.is_success() && answer.cookie.as_ref().is_none_or(|cookie| *cookie == old);
            counted.fetch_add(usize::from(is_kept), Ordering::Relaxed);
        };
        let (new, ..) = tokio::join!(
            sites.at(round, Some(&old)).log_in(),
            count(round + 1),
            count(round),
            count(round + 1),
            count(round)
        );
        assert_ne!(new, old);
        for server in 0..2 {
            let profile = sites.at(server, Some(&old)).get("auth/profile").await;
            assert_eq!(profile.status, StatusCode::UNAUTHORIZED, "F3: round {round}: {profile:?}");
            // The new session has everything that was acknowledged before.
            let data = sites.at(server, Some(&new)).get("session/data").await.body;
            let taken = data["count"].as_u64().unwrap_or(0);
            assert_eq!(taken, counted.load(Ordering::Relaxed) as u64, "round {round}");
        }
    }
}
