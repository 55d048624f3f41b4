//! Tests many concurrent requests of one session on several threads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::world::{World, ready};
use super::*;
use crate::clock::Clock;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_counter_counts_every_request_that_succeeded() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let (headers, saved) = (world.headers(Some(&cookie)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let (manager, headers, saved) = (world.manager.clone(), headers.clone(), Arc::clone(&saved));
        tasks.push(tokio::spawn(async move {
            let mut answered = Vec::new();
            for _ in 0..50 {
                let exchange = manager.open(&headers).await.expect("memory answers");
                let call = exchange.call();
                let n = call.session().update("n", |n: Option<usize>| n.unwrap_or(0) + 1).await.expect("a write");
                call.commit();
                tokio::task::yield_now().await;
                saved.fetch_add(usize::from(manager.close(&exchange).await.is_ok()), Ordering::Relaxed);
                answered.push(n);
            }
            answered
        }));
    }
    let mut answers = BTreeSet::new();
    for task in tasks {
        for n in task.await.expect("it does not panic") {
            assert!(answers.insert(n), "{n} was returned twice");
        }
    }
    let saved = saved.load(Ordering::Relaxed);
    assert!(saved > 1_500, "conflicts are resolved: {saved}");
    world.visit(Some(&cookie), |session| assert_eq!(session.get("n").expect("a read"), Some(saved)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_eight_readers_delivers_a_message() {
    for _ in 0..50 {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| session.flash("f", 1).expect("a write"));
        let headers = world.headers(Some(&cookie));
        let tasks = [(); 8].map(|()| {
            let (manager, headers) = (world.manager.clone(), headers.clone());
            tokio::spawn(async move {
                let exchange = manager.open(&headers).await.expect("memory answers");
                let call = exchange.call();
                let message = call.session().take_flash::<u32>("f").await.expect("a read");
                call.commit();
                tokio::task::yield_now().await;
                manager.close(&exchange).await.is_ok_and(|_| message.is_some())
            })
        });
        let mut delivered = 0;
        for task in tasks {
            delivered += usize::from(task.await.expect("it does not panic"));
        }
        assert_eq!(delivered, 1);
    }
}

#[test]
fn a_request_that_others_always_overtake_is_a_conflict_and_no_fault_of_the_store() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.set("n", 0).expect("a write");
        session.flash("note", 1).expect("a write");
    });
    let (headers, attempt) = (world.headers(Some(&cookie)), Duration::from_millis(400));
    let manager = world.overtaken(attempt);
    let opened = || ready(manager.open(&headers)).expect("memory answers");

    for early in [false, true] {
        let (exchange, began) = (opened(), world.clock.now());
        let call = exchange.call();
        if early {
            let updated = ready(call.session().update("n", |n: Option<u32>| n.unwrap_or(0) + 1));
            assert!(matches!(updated, Err(SessionError::Conflict)), "{updated:?}");
        } else {
            call.session().set("n", 1).expect("a write");
        }
        call.commit();
        let closed = ready(manager.close(&exchange));
        assert_eq!(matches!(closed, Err(CloseError::Conflict)), !early, "{closed:?}");
        // A request may wait for three seconds.
        assert!(matches!((world.clock.now() - began) / 400, 6..=8));
    }
    let exchange = opened();
    let call = exchange.call();
    let taken = ready(call.session().take_flash::<u32>("note"));
    assert!(matches!(taken, Err(SessionError::Conflict)), "the message is still there: {taken:?}");
    assert_eq!(manager.counters().store_errors, 0);
}
