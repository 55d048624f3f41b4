//! Tests requests that others overtake, in orders that once failed. Random orders have found them:
//! `tests/tests/sessions/model`.

use super::world::{World, poll, value};
use super::*;

#[test]
fn one_of_two_logins_of_a_visitor_keeps_the_message() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.flash("f", 1).expect("a write");
        session.set("cart", 3).expect("a write");
    });
    let exchanges = [world.open(Some(&cookie)), world.open(Some(&cookie))];
    let cookies = exchanges.map(|exchange| {
        let call = exchange.call();
        login(&call.session());
        call.commit();
        world.close_issued(&exchange).0
    });
    let mut messages = 0;
    for cookie in &cookies {
        world.visit(Some(cookie), |session| {
            assert_eq!(session.get("cart").expect("a read"), Some(3));
            messages += usize::from(ready(session.take_flash::<u32>("f")).expect("a read").is_some());
        });
    }
    assert_eq!(messages, 1);
}

#[test]
fn a_request_that_loads_a_session_while_it_ends_sends_no_cookie() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let manager = world.stepped();
    let headers = world.headers(Some(&cookie));
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    login(&call.session());
    call.commit();
    let mut closing = Box::pin(manager.close(&exchange));
    // It waits to insert the new session, and then to end the old one.
    assert!(poll(&mut closing).is_none() && poll(&mut closing).is_none());
    world.clock.advance(HOUR);
    let mut opening = Box::pin(manager.open(&headers));
    let reader = loop {
        if let Some(opened) = poll(&mut opening) {
            break opened.expect("the store answers");
        }
    };
    assert!(!reader.call().session().is_new());
    let closed = poll(&mut closing).expect("it is done").expect("it is saved");
    assert_ne!(value(closed.set_cookie().expect("a cookie")), cookie);
    let mut reading = Box::pin(manager.close(&reader));
    let read = loop {
        if let Some(read) = poll(&mut reading) {
            break read.expect("there is nothing to save");
        }
    };
    assert_eq!(read.set_cookie(), None);
}

#[test]
fn a_message_that_a_failed_call_took_is_not_put_back_into_another_session() {
    let world = World::new();
    for logs_in in [true, false] {
        let (cookie, _) = world.issued(None, |session| {
            login(session);
            session.flash("f", "for Ada").expect("a write");
        });
        let exchange = world.open(Some(&cookie));
        let call = exchange.call();
        let session = call.session();
        assert_eq!(ready(session.take_flash::<String>("f")).expect("a read").as_deref(), Some("for Ada"));
        if logs_in {
            ready(session.login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
        } else {
            ready(session.logout()).expect("noted");
        }
        drop(call);
        let sent = value(world.close(&exchange).set_cookie().expect("a cookie"));
        assert_eq!(sent.is_empty(), !logs_in);
        world.visit(Some(&sent), |session| {
            assert_eq!(ready(session.take_flash::<String>("f")).expect("a read"), None);
        });
    }
}

#[test]
fn a_message_taken_while_the_user_changes_is_not_put_back() {
    for logs_in in [true, false] {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| {
            login(session);
            session.flash("f", "for Ada").expect("a write");
        });
        let manager = world.stepped();
        let headers = world.headers(Some(&cookie));
        let mut opening = Box::pin(manager.open(&headers));
        let exchange = loop {
            if let Some(opened) = poll(&mut opening) {
                break opened.expect("the store answers");
            }
        };
        let (reader, other) = (exchange.call(), exchange.call());
        let session = reader.session();
        let mut reading = Box::pin(session.take_flash::<String>("f"));
        assert!(poll(&mut reading).is_none());
        if logs_in {
            ready(other.session().login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
        } else {
            ready(other.session().logout()).expect("noted");
            other.session().set("n", 1).expect("a write");
        }
        other.commit();
        assert_eq!(poll(&mut reading).expect("it is done").expect("a read").as_deref(), Some("for Ada"));
        drop(reading);
        drop(reader);
        let mut closing = Box::pin(manager.close(&exchange));
        let closed = loop {
            if let Some(closed) = poll(&mut closing) {
                break closed.expect("it is saved");
            }
        };
        let sent = value(closed.set_cookie().expect("a cookie"));
        world.visit(Some(&sent), |session| {
            assert!(!session.is_new());
            assert_eq!(ready(session.take_flash::<String>("f")).expect("a read"), None);
        });
    }
}

/// The store still has the session, but no longer lists it.
#[test]
fn a_session_that_is_over_for_its_logout_is_renewed_by_nobody() {
    let clock = ManualClock::at(1_700_000_000_000);
    let world = World::with_store_clock(clock.clone(), ManualClock::at(1_700_000_000_000));
    let (cookie, _) = world.issued(None, login);
    let manager = world.unlisted();
    let leaving = ready(manager.open(&world.headers(Some(&cookie)))).expect("the store answers");
    world.visit(Some(&cookie), |session| session.set("theirs", 1).expect("a write"));
    let late = world.open(Some(&cookie));
    world.clock.advance(DAY);
    let call = leaving.call();
    ready(call.session().logout()).expect("noted");
    ready(call.session().login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
    call.commit();
    ready(manager.close(&leaving)).expect("it is saved").set_cookie().expect("a cookie");
    let call = late.call();
    call.session().set("late", 1).expect("a write");
    call.commit();
    assert!(matches!(ready(world.manager.close(&late)), Err(CloseError::Conflict)));
}
