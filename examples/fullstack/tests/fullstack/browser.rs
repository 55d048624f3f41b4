//! Tests the application with two people, each with their own browser.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::post;
use futures_util::StreamExt;
use tokio::sync::Notify;
use velox_example_fullstack::app::site;
use velox_rpc::Server;
use velox_tests::{Site, node};

use super::{file, updates};

/// The path for the README's picture. It is in the package only on demand, because every system
/// draws a slightly different one.
fn picture() -> PathBuf {
    match updates() {
        true => file("screenshot.png"),
        false => Path::new(env!("CARGO_TARGET_TMPDIR")).join("fullstack.png"),
    }
}

/// The application behind a network that cuts all its replies after a POST to `/break`.
fn breakable() -> Router {
    let broken = Arc::new(Notify::new());
    let breaks = Arc::clone(&broken);
    let until_broken = move |response: Response| {
        let broken = Arc::clone(&broken).notified_owned();
        ready(response.map(|body| Body::from_stream(body.into_data_stream().take_until(broken))))
    };
    let site = site(None).expect("good settings").layer(map_response(until_broken));
    site.route("/break", post(async move || breaks.notify_waiters()))
}

#[tokio::test]
async fn two_people_keep_a_list_in_chromium() {
    let site = Site::start(Server::new(breakable())).await;
    let address = site.url("/");
    let visit = move || node("fullstack.mjs", &[Path::new(&address), &picture()]);
    tokio::task::spawn_blocking(visit).await.expect("everything is as it should be");
}
