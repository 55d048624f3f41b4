//! Runs the conformance suite on Redis, with both layouts, on one server and on a cluster.

use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use velox_session::conformance;
use velox_session::store::RedisStore;
use velox_tests::redis::{Aged, RedisCluster, RedisHarness, RedisServer};

/// Runs the suite on stores that `store` makes, each with its own connection.
async fn check<'s>(
    nodes: impl IntoIterator<Item = &'s RedisServer>,
    store: impl Fn() -> RedisStore + Send + Sync + 'static,
) {
    let aged = Aged::new(nodes);
    let clock = aged.clock();
    let store = Box::new(move || Arc::new(store().with_clock(clock.clone()).with_deadline(PATIENCE)) as _);
    let report = conformance::check(&RedisHarness { aged, store }).await;
    report.assert();
    assert_eq!(report.not_offered().count(), 0, "{report}");
}

fn on(url: String) -> impl Fn() -> RedisStore + Send + Sync + 'static {
    move || RedisStore::connect(&url).expect("an address")
}

fn on_all(urls: Vec<String>) -> impl Fn() -> RedisStore + Send + Sync + 'static {
    move || RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_every_promise() {
    let server = RedisServer::start().await;
    check([&server], on(server.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_every_promise_in_the_layout_of_veloxts() {
    let server = RedisServer::start().await;
    let store = on(server.url());
    check([&server], move || store().with_veloxts_layout()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_existing_connection_keeps_every_promise() {
    let server = RedisServer::start().await;
    let client = redis::Client::open(server.url()).expect("an address");
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&patient).await.expect("it answers");
    check([&server], move || RedisStore::with_connection(connection.clone())).await;
}

/// A cluster refuses commands with keys of two slots. Only three scripts have such keys, and velox
/// uses them only with a single server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_every_promise() {
    let cluster = RedisCluster::start(3).await;
    check(cluster.nodes(), on_all(cluster.urls())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_every_promise_in_the_layout_of_veloxts() {
    let cluster = RedisCluster::start(3).await;
    let store = on_all(cluster.urls());
    check(cluster.nodes(), move || store().with_veloxts_layout()).await;
}

/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
