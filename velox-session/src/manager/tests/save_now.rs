//! Tests sessions that are saved before the request ends, because the call asked for it.

use super::world::{poll, value};
use super::*;
use crate::manager::{CallScope, Manager, OpenSession};

#[test]
fn other_requests_see_a_saved_write_before_the_exchange_ends() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    let exchange = world.open(Some(&cookie));
    let (call, other) = (exchange.call(), exchange.call());
    let session = call.session();
    session.set("n", 2).expect("a write");
    other.session().set("unsettled", 1).expect("a write");
    assert!(session.is_changed());
    ready(session.save()).expect("it is saved");
    assert!(!session.is_changed() && session.get("n").expect("a read") == Some(2));
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.get("n").expect("a read"), Some(2));
        assert!(!session.contains("unsettled"), "another call may still fail");
    });
    other.commit();
    session.set("later", 3).expect("a write");
    call.commit();
    let (same, _) = world.close_issued(&exchange);
    assert_eq!((same.as_str(), world.store.len()), (cookie.as_str(), 1));
    world.visit(Some(&cookie), |session| assert!(session.contains("later") && session.contains("unsettled")));
}

#[test]
fn a_visitors_session_begins_once() {
    let world = World::new();
    let exchange = world.open(None);
    let call = exchange.call();
    let session = call.session();
    session.set("n", 1).expect("a write");
    for n in 2..5 {
        ready(session.save()).expect("it is saved");
        session.set("n", n).expect("a write");
    }
    assert!(session.id().is_some());
    call.commit();
    let (cookie, _) = world.close_issued(&exchange);
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&cookie), |session| assert_eq!(session.get("n").expect("a read"), Some(4)));
}

#[test]
fn a_login_ends_the_old_id_at_once_and_its_cookie_is_sent_when_the_exchange_ends() {
    let world = World::new();
    let (old, _) = world.issued(None, |session| session.set("cart", 1).expect("a write"));
    let exchange = world.open(Some(&old));
    let call = exchange.call();
    login(&call.session());
    ready(call.session().save()).expect("it is saved");
    world.visit(Some(&old), |session| assert!(session.is_new()));
    // A login stays even if the call fails; what was written after the save does not.
    call.session().set("late", 1).expect("a write");
    drop(call);
    let (new, _) = world.close_issued(&exchange);
    assert_ne!(new, old);
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&new), |session| {
        assert!(session.is_logged_in() && session.contains("cart") && !session.contains("late"));
    });
}

#[test]
fn a_logout_that_was_saved_removes_the_cookie_when_the_exchange_ends() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    let session = call.session();
    assert!(!session.is_ended());
    ready(session.logout()).expect("noted");
    assert!(session.is_ended());
    ready(session.save()).expect("it is saved");
    assert!(session.is_ended() && !session.is_logged_in());
    assert_eq!(world.store.len(), 0);
    call.commit();
    let (value, line) = world.close_issued(&exchange);
    assert!(value.is_empty() && line.contains("Max-Age=0"), "{line}");
}

#[test]
fn writes_after_a_saved_logout_begin_another_session() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    ready(call.session().logout()).expect("noted");
    ready(call.session().save()).expect("it is saved");
    call.session().flash("bye", 1).expect("a write");
    assert!(!call.session().is_ended());
    call.commit();
    let (next, _) = world.close_issued(&exchange);
    world.visit(Some(&next), |session| assert_eq!(ready(session.take_flash("bye")).expect("a read"), Some(1)));
}

#[test]
fn other_sessions_are_ended_once() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let (first, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    ready(call.session().logout_others()).expect("noted");
    ready(call.session().save()).expect("it is saved");
    assert_eq!(world.user_of(&first), None);
    let (second, _) = world.issued(None, login);
    call.commit();
    let _closing = world.close(&exchange);
    assert!(world.user_of(&second).is_some() && world.user_of(&cookie).is_some());
}

#[test]
fn a_save_that_fails_leaves_the_writes_to_the_end() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    call.session().set("n", 2).expect("a write");
    world.fail_only(0);
    assert!(matches!(ready(call.session().save()), Err(SessionError::Unavailable(_))));
    assert!(call.session().is_changed());
    call.commit();
    let _closing = world.close(&exchange);
    world.visit(Some(&cookie), |session| assert_eq!(session.get("n").expect("a read"), Some(2)));
}

#[test]
fn a_read_only_request_does_not_save() {
    let world = World::new();
    let exchange = ready(world.manager.open_read_only(&world.headers(None))).expect("the store answers");
    let call = exchange.call();
    call.session().set("n", 1).expect("a write");
    ready(call.session().save()).expect("nothing to do");
    assert_eq!(world.store.len(), 0);
}

#[test]
fn no_write_of_a_concurrent_request_is_lost() {
    for at in 0..4 {
        for does in [None, Some(false), Some(true)] {
            let world = World::new();
            let (cookie, _) = world.issued(None, login);
            let manager = world.stepped();
            let exchange = opened(&manager, &world.headers(Some(&cookie)));
            let call = exchange.call();
            call.session().set("mine", 1).expect("a write");
            if does.is_some() {
                ready(call.session().regenerate()).expect("noted");
            }
            let session = call.session();
            let mut saving = Box::pin(async move { session.save().await });
            let mut polls = 0;
            let saved = loop {
                if polls == at {
                    world.visit(Some(&cookie), |session| session.set("theirs", 1).expect("a write"));
                }
                polls += 1;
                if let Some(saved) = poll(&mut saving) {
                    break saved;
                }
            };
            saved.expect("it is saved");
            if does == Some(true) {
                call.session().set("more", 1).expect("a write");
            }
            call.commit();
            let mut closing = Box::pin(manager.close(&exchange));
            let closed = loop {
                if let Some(closed) = poll(&mut closing) {
                    break closed.expect("it is saved");
                }
            };
            let left = closed.set_cookie().map_or(cookie.clone(), value);
            world.visit(Some(&left), |session| {
                let theirs = polls <= at || session.contains("theirs");
                assert!(theirs && session.contains("mine"), "{at}, {does:?}");
                assert_eq!(session.contains("more"), does == Some(true), "{at}, {does:?}");
            });
            assert_eq!(world.store.len(), 1);
        }
    }
}

#[test]
fn a_reloaded_session_keeps_the_writes_of_the_call() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    let session = call.session();
    session.set("mine", 1).expect("a write");
    world.visit(Some(&cookie), |session| session.set("n", 2).expect("a write"));
    assert_eq!(session.get("n").expect("a read"), Some(1));
    ready(session.reload()).expect("it is read");
    assert!(session.get("n").expect("a read") == Some(2) && session.contains("mine"));
    world.visit(Some(&cookie), |session| ready(session.logout()).expect("noted"));
    ready(session.reload()).expect("it is read");
    assert!(session.is_ended());
    call.commit();
    assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Conflict)));
}

#[test]
fn a_message_can_be_peeked() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.flash("one", 1).expect("a write");
        session.flash("two", "2").expect("a write");
        assert!(session.all_flash().expect("a read").is_empty(), "they are for a later request");
    });
    for _ in 0..2 {
        world.visit(Some(&cookie), |session| {
            assert_eq!(session.peek_flash("one").expect("a read"), Some(1));
            assert_eq!(json!(session.all_flash().expect("a read")), json!({ "one": 1, "two": "2" }));
            assert!(matches!(session.peek_flash::<bool>("two"), Err(SessionError::Decode { .. })));
        });
    }
}

#[test]
fn a_saved_message_is_still_for_a_later_request() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.flash("bye", 1).expect("a write");
        ready(session.save()).expect("it is saved");
        assert!(session.all_flash().expect("a read").is_empty());
        assert_eq!(session.peek_flash::<u32>("bye").expect("a read"), None);
        assert_eq!(ready(session.take_flash::<u32>("bye")).expect("a read"), None);
    });
    world.visit(Some(&cookie), |session| assert_eq!(ready(session.take_flash("bye")).expect("a read"), Some(1)));
}

#[test]
fn writes_during_a_save_come_after_it() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let manager = world.slow();
    let exchange = opened(&manager, &world.headers(Some(&cookie)));
    let call = exchange.call();
    let session = call.session();
    ready(session.logout()).expect("noted");
    let mut saving = Box::pin(session.save());
    assert!(poll(&mut saving).is_none());
    session.set("after", 1).expect("a write");
    while poll(&mut saving).is_none() {}
    assert!(session.contains("after"));
}

#[test]
fn an_update_sees_a_save_that_it_overtakes() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    let manager = world.slow();
    let exchange = opened(&manager, &world.headers(Some(&cookie)));
    let (one, other) = (exchange.call(), exchange.call());
    one.session().set("mine", 1).expect("a write");
    let (first, second) = (one.session(), other.session());
    let mut saving = Box::pin(first.save());
    let mut updating = Box::pin(second.update("n", |n: Option<u32>| n.unwrap_or(0) + 1));
    // The store has it, and the answer is on its way.
    assert!(poll(&mut saving).is_none() && poll(&mut saving).is_none());
    let updated = loop {
        if let Some(updated) = poll(&mut updating) {
            break updated.expect("a write");
        }
    };
    while poll(&mut saving).is_none() {}
    assert_eq!((updated, second.get("n").expect("a read")), (2, Some(2)));
}

#[test]
fn two_calls_that_begin_a_session_at_the_same_time_begin_one() {
    let world = World::new();
    let manager = world.slow();
    let exchange = opened(&manager, &world.headers(None));
    let calls = [exchange.call(), exchange.call()];
    let sessions = calls.each_ref().map(CallScope::session);
    for (session, key) in sessions.iter().zip(["one", "other"]) {
        session.set(key, 1).expect("a write");
    }
    let mut saving = sessions.each_ref().map(|session| Box::pin(session.save()));
    assert!(saving.iter_mut().all(|saving| poll(saving).is_none()));
    for saving in &mut saving {
        let saved = loop {
            if let Some(saved) = poll(saving) {
                break saved;
            }
        };
        saved.expect("it is saved");
    }
    assert_eq!(world.store.len(), 1);
    calls.into_iter().for_each(CallScope::commit);
    let cookie = closed(&manager, &exchange);
    world.visit(Some(&cookie), |session| assert!(session.contains("one") && session.contains("other")));
}

#[test]
fn an_update_follows_a_save_that_gives_the_session_a_new_id() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let manager = world.slow();
    let exchange = opened(&manager, &world.headers(Some(&cookie)));
    let (one, other) = (exchange.call(), exchange.call());
    ready(one.session().regenerate()).expect("noted");
    let (first, second) = (one.session(), other.session());
    let mut saving = Box::pin(first.save());
    assert!(poll(&mut saving).is_none());
    one.commit();
    let mut updating = Box::pin(second.update("n", |n: Option<u32>| n.unwrap_or(0) + 1));
    while poll(&mut saving).is_none() {}
    let updated = loop {
        if let Some(updated) = poll(&mut updating) {
            break updated;
        }
    };
    assert_eq!(updated.expect("a write"), 1);
    other.commit();
    let new = closed(&manager, &exchange);
    assert_ne!(new, cookie);
    world.visit(Some(&new), |session| assert_eq!(session.get("n").expect("a read"), Some(1)));
}

#[test]
fn without_writes_a_save_costs_no_store_call() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    // This is so long that loading renews the session.
    world.clock.advance(HOUR);
    let exchange = world.open(Some(&cookie));
    let (call, calls) = (exchange.call(), world.calls());
    ready(call.session().save()).expect("nothing to do");
    assert_eq!(world.calls(), calls);
}

/// Closes a session with a manager whose store waits. Returns the value of the cookie.
fn closed(manager: &Manager, exchange: &OpenSession) -> String {
    let mut closing = Box::pin(manager.close(exchange));
    let closed = loop {
        if let Some(closed) = poll(&mut closing) {
            break closed.expect("it is saved");
        }
    };
    value(closed.set_cookie().expect("a cookie"))
}

fn opened(manager: &Manager, headers: &HeaderMap) -> OpenSession {
    let mut opening = Box::pin(manager.open(headers));
    loop {
        if let Some(opened) = poll(&mut opening) {
            break opened.expect("the store answers");
        }
    }
}

#[test]
fn a_question_whether_the_session_is_new_counts_as_a_read() {
    let world = World::new();
    assert!(world.exchange(None, |session| assert!(session.is_new())).depends_on_session());
}

#[test]
fn a_call_that_has_ended_reloads_nothing() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    let session = call.session();
    drop(call);
    assert!(matches!(ready(session.reload()), Err(SessionError::Ended)));
}
