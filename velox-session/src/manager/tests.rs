//! Tests requests from the cookie header to the response headers, with the memory store.

mod at_once;
mod crowd;
mod interleave;
mod log;
mod login;
mod overtaken;
mod save_now;
mod users;
mod world;

use std::time::Duration;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::clock::ManualClock;
use crate::manager::{CloseError, OpenError, Session};
use crate::session::SessionError;
use crate::user::SessionUser;
use world::{DAY, World, ready};

const HOUR: Duration = Duration::from_secs(3_600);

fn ada() -> SessionUser {
    SessionUser::new("u1", "ada@example.com")
}

fn login(session: &Session) {
    ready(session.login(ada())).expect("a login");
}

#[test]
fn a_visitor_without_data_costs_no_store_call() {
    let world = World::new();
    let closing = world.exchange(None, |session| {
        assert!(session.is_new() && !session.is_logged_in() && !session.contains("n") && session.id().is_none());
        assert_eq!(session.get::<u32>("n").expect("a read"), None);
        assert_eq!(ready(session.take_flash::<String>("f")).expect("a read"), None);
        assert!(!session.remove("n").expect("a removal"));
        ready(session.regenerate()).expect("nothing to do");
        ready(session.logout()).expect("nothing to do");
    });
    assert_eq!(closing.set_cookie(), None);
    assert!(closing.depends_on_session());
    assert_eq!(world.calls(), 0);
}

#[test]
fn an_untouched_session_leaves_no_trace_in_the_response() {
    let world = World::new();
    let mut headers = HeaderMap::new();
    world.exchange(None, |_| ()).apply(&mut headers);
    assert!(headers.is_empty());
}

#[test]
fn the_first_write_creates_a_session() {
    let world = World::new();
    let (cookie, line) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    assert!(line.ends_with("; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"), "{line}");
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&cookie), |session| {
        assert!(!session.is_new() && !session.is_logged_in());
        assert_eq!(session.get("n").expect("a read"), Some(1));
        assert_eq!(session.get::<String>("n").map_err(|error| matches!(error, SessionError::Decode { .. })), Err(true));
    });
}

#[test]
fn a_read_within_the_interval_costs_one_store_call_and_no_cookie() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let before = world.calls();
    let closing = world.exchange(Some(&cookie), |session| assert_eq!(session.user(), Some(ada())));
    assert_eq!(closing.set_cookie(), None);
    assert_eq!(world.calls() - before, 1);
}

#[test]
fn a_session_in_use_stays_alive_and_an_unused_one_ends() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    for _ in 0..5 {
        world.clock.advance(DAY - Duration::from_millis(1));
        let (same, line) = world.issued(Some(&cookie), |session| assert!(session.is_logged_in()));
        assert_eq!(same, cookie);
        assert!(line.contains("Max-Age=86400;"));
    }
    world.clock.advance(DAY);
    assert_eq!(world.user_of(&cookie), None);
}

#[test]
fn the_absolute_timeout_ends_a_session_in_use() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    for _ in 0..34 {
        world.clock.advance(20 * HOUR);
        assert!(world.user_of(&cookie).is_some());
    }
    // It ends 720 hours after the login, so 20 hours are left, which is less than `max_age`.
    world.clock.advance(20 * HOUR);
    let (_, line) = world.issued(Some(&cookie), |session| assert!(session.is_logged_in()));
    assert!(line.contains("Max-Age=72000;"), "{line}");
    world.clock.advance(20 * HOUR - Duration::from_millis(1));
    assert!(world.user_of(&cookie).is_some());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.user_of(&cookie), None);
}

#[test]
fn a_login_changes_the_id_and_keeps_the_data_of_a_visitor() {
    let world = World::new();
    let (visitor, _) = world.issued(None, |session| {
        session.set("cart", json!(["a"])).expect("a write");
        session.flash("hello", "there").expect("a write");
    });
    let (cookie, _) = world.issued(Some(&visitor), |session| {
        assert!(session.id().is_some());
        login(session);
        assert!(session.id().is_none() && session.is_logged_in());
        assert_eq!(ready(session.take_flash("hello")).expect("a read"), Some("there".to_owned()));
    });
    assert_ne!(cookie, visitor);
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&visitor), |session| assert!(session.is_new()));
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.data().expect("a read").len(), 1);
        assert_eq!(session.user_id().as_deref(), Some("u1"));
        assert_eq!(ready(session.take_flash::<String>("hello")).expect("a read"), None);
    });
}

#[test]
fn no_data_of_one_user_reaches_another() {
    let world = World::new();
    let (first, _) = world.issued(None, |session| {
        login(session);
        session.set("secret", 1).expect("a write");
        session.flash("secret", 1).expect("a write");
    });
    let (same, _) = world.issued(Some(&first), login);
    let (second, _) = world.issued(Some(&same), |session| {
        assert!(session.contains("secret"), "the same user logged in again");
        ready(session.login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
        assert!(!session.contains("secret"));
    });
    world.visit(Some(&second), |session| {
        assert!(session.data().expect("a read").is_empty());
        assert_eq!(ready(session.take_flash::<u32>("secret")).expect("a read"), None);
    });
    assert_eq!(world.store.len(), 1);
    assert!(first != same && same != second);
}

#[test]
fn a_user_is_identified_by_id_and_not_by_email() {
    let world = World::new();
    let (first, _) = world.issued(None, |session| {
        login(session);
        session.set("n", 1).expect("a write");
    });
    let (moved, _) = world.issued(Some(&first), |session| {
        ready(session.login(SessionUser::new("u1", "ada@new.example.com"))).expect("a login");
        assert!(session.contains("n"));
    });
    assert_eq!(world.user_of(&moved).expect("a user").email, "ada@new.example.com");
    world.visit(Some(&moved), |session| {
        ready(session.login(SessionUser::new("u2", "ada@new.example.com"))).expect("a login");
        assert!(!session.contains("n"));
    });
}

#[test]
fn a_taken_id_is_replaced_up_to_five_times() {
    let world = World::new();
    world.collide(4);
    world.issued(None, login);
    world.collide(5);
    let exchange = world.open(None);
    let call = exchange.call();
    login(&call.session());
    call.commit();
    assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Id(_))));
    assert_eq!(world.store.len(), 1);
}

#[test]
fn a_logout_ends_the_session_and_can_be_repeated() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    for _ in 0..2 {
        let closing = world.exchange(Some(&cookie), |session| ready(session.logout()).expect("a logout"));
        let line = closing.set_cookie().expect("a removal").to_str().expect("text");
        assert!(line.starts_with("session=; Max-Age=0; Path=/;"), "{line}");
        assert!(world.store.is_empty());
    }
    assert_eq!(world.user_of(&cookie), None);
}

#[test]
fn a_message_after_a_logout_is_in_another_session() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        login(session);
        session.set("secret", 1).expect("a write");
    });
    let (other, _) = world.issued(Some(&cookie), |session| {
        ready(session.logout()).expect("a logout");
        session.flash("bye", "See you").expect("a write");
    });
    assert_ne!(other, cookie);
    assert_eq!(world.user_of(&cookie), None);
    world.visit(Some(&other), |session| {
        assert!(!session.is_logged_in() && !session.contains("secret"));
        assert_eq!(ready(session.take_flash("bye")).expect("a read"), Some("See you".to_owned()));
    });
}

#[test]
fn regenerate_gives_a_new_id_to_the_same_session() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        login(session);
        session.set("n", 1).expect("a write");
    });
    let (new, _) = world.issued(Some(&cookie), |session| ready(session.regenerate()).expect("a regeneration"));
    assert_ne!(new, cookie);
    assert_eq!(world.user_of(&cookie), None);
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&new), |session| {
        assert_eq!((session.is_logged_in(), session.get("n").expect("a read")), (true, Some(1)))
    });
}

#[test]
fn a_flash_message_stays_until_it_is_read_once() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.flash("success", "Saved").expect("a write"));
    world.visit(Some(&cookie), |session| {
        assert_eq!(ready(session.take_flash::<String>("other")).expect("a read"), None)
    });
    world.visit(Some(&cookie), |session| {
        assert!(ready(session.take_flash::<u32>("success")).is_err(), "a message of another type stays");
        assert_eq!(ready(session.take_flash("success")).expect("a read"), Some("Saved".to_owned()));
        assert_eq!(ready(session.take_flash::<String>("success")).expect("a read"), None);
    });
    world.visit(Some(&cookie), |session| {
        assert_eq!(ready(session.take_flash::<String>("success")).expect("a read"), None)
    });
}

#[test]
fn one_of_the_calls_of_a_batch_delivers_a_flash_message() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.flash("f", 1).expect("a write"));
    let exchange = world.open(Some(&cookie));
    let (one, other) = (exchange.call(), exchange.call());
    assert_eq!(ready(one.session().take_flash("f")).expect("a read"), Some(1));
    assert_eq!(ready(other.session().take_flash::<u32>("f")).expect("a read"), None);
    // The call fails, and puts the message back for a later request.
    drop(one);
    assert_eq!(ready(other.session().take_flash::<u32>("f")).expect("a read"), None);
    other.commit();
    world.close_issued(&exchange);
    world.visit(Some(&cookie), |session| assert_eq!(ready(session.take_flash("f")).expect("a read"), Some(1)));
    world.visit(Some(&cookie), |session| assert_eq!(ready(session.take_flash::<u32>("f")).expect("a read"), None));
}

#[test]
fn a_new_message_stays_while_another_call_reads_the_old_one() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.flash("f", 1).expect("a write"));
    let exchange = world.open(Some(&cookie));
    let (writer, reader) = (exchange.call(), exchange.call());
    writer.session().flash("f", 2).expect("a write");
    assert_eq!(ready(reader.session().take_flash("f")).expect("a read"), Some(1));
    reader.commit();
    writer.commit();
    world.close_issued(&exchange);
    world.visit(Some(&cookie), |session| assert_eq!(ready(session.take_flash("f")).expect("a read"), Some(2)));
}

#[test]
fn writes_of_a_failed_call_are_dropped_but_its_login_is_kept() {
    let world = World::new();
    let exchange = world.open(None);
    let failed = exchange.call();
    let session = failed.session();
    session.set("n", 1).expect("a write");
    login(&session);
    session.set("m", 1).expect("a write");
    drop(failed);
    assert!(matches!(session.set("late", 1), Err(SessionError::Ended)));
    assert!(!session.is_logged_in() && session.is_new());
    let (cookie, _) = world.close_issued(&exchange);
    world.visit(Some(&cookie), |session| {
        assert!(session.is_logged_in());
        assert!(session.data().expect("a read").is_empty());
    });
}

#[test]
fn a_failed_call_of_a_visitor_makes_no_session() {
    let world = World::new();
    let exchange = world.open(None);
    let failed = exchange.call();
    failed.session().set("n", 1).expect("a write");
    drop(failed);
    assert_eq!(world.close(&exchange).set_cookie(), None);
    assert_eq!(world.calls(), 0);
}

#[test]
fn calls_of_a_batch_share_one_session_and_one_cookie() {
    let world = World::new();
    let exchange = world.open(None);
    let (one, other) = (exchange.call(), exchange.call());
    one.session().set("one", 1).expect("a write");
    assert!(!other.session().contains("one"), "only after its call succeeded");
    for call in [&one, &other] {
        ready(call.session().update("n", |n: Option<u32>| n.unwrap_or(0) + 1)).expect("a write");
    }
    one.commit();
    assert!(other.session().contains("one"));
    assert_eq!(other.session().get("n").expect("a read"), Some(2));
    other.commit();
    let (cookie, _) = world.close_issued(&exchange);
    world.visit(Some(&cookie), |session| assert_eq!(session.data().expect("a read").len(), 2));
    assert_eq!(world.store.len(), 1);
}

#[test]
fn a_call_does_not_write_to_a_session_of_another_user() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let (one, other) = (exchange.call(), exchange.call());
    other.session().set("before", 1).expect("a write");
    ready(one.session().login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
    assert!(matches!(other.session().set("after", 1), Err(SessionError::Superseded)));
    one.session().set("own", 1).expect("a write");
    other.commit();
    one.commit();
    let (cookie, _) = world.close_issued(&exchange);
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.data().expect("a read").keys().collect::<Vec<_>>(), ["own"]);
    });
}

#[test]
fn a_change_is_saved_once() {
    let world = World::new();
    let exchange = world.open(None);
    let call = exchange.call();
    call.session().set("n", 1).expect("a write");
    call.commit();
    let late = exchange.call();
    assert!(world.close(&exchange).set_cookie().is_some());
    assert!(world.close(&exchange).set_cookie().is_none());
    assert!(matches!(late.session().set("n", 2), Err(SessionError::Ended)));
    assert!(matches!(exchange.call().session().get::<u32>("n"), Err(SessionError::Ended)));
}

#[test]
fn internal_keys_are_reserved() {
    let world = World::new();
    world.visit(None, |session| {
        for key in ["userId", "userEmail", "_createdAt", "_"] {
            assert!(matches!(session.set(key, 1), Err(SessionError::ReservedKey { .. })));
            assert!(matches!(session.remove(key), Err(SessionError::ReservedKey { .. })));
            assert!(matches!(ready(session.update(key, |_: Option<u32>| 1)), Err(SessionError::ReservedKey { .. })));
            assert_eq!((session.get::<u32>(key).expect("a read"), session.contains(key)), (None, false));
        }
    });
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_session_that_grows_too_large_is_refused_and_the_old_one_stays() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.set("text", "x".repeat(60_000)).expect("a write");
        assert!(matches!(session.set("more", "x".repeat(6_000)), Err(SessionError::TooLarge { .. })));
        assert!(matches!(session.flash("more", "x".repeat(6_000)), Err(SessionError::TooLarge { .. })));
        assert!(ready(session.update("text", |_: Option<String>| "x".repeat(70_000))).is_err());
        session.set("small", 1).expect("a write");
        assert!(!session.contains("more"));
    });
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.get::<String>("text").expect("a read").map(|text| text.len()), Some(60_000));
        assert_eq!(session.data().expect("a read").len(), 2);
        session.set("text", 1).expect("a smaller session is always allowed");
    });
}

#[test]
fn a_store_of_text_can_read_every_record_back() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.set("deep", nested(100)).expect("a write");
        assert!(matches!(session.set("deeper", nested(101)), Err(SessionError::TooDeep { .. })));
    });
    let exchange = world.open(Some(&cookie));
    let text = exchange.record().to_json();
    assert_eq!(crate::Record::from_json(text.as_bytes()), Some(exchange.record()));
}

/// If another crate turns on the feature `raw_value` of serde_json, as axum does, such an object is
/// read back as the value of its text.
#[test]
fn a_value_that_serde_json_treats_specially_is_refused() {
    let world = World::new();
    world.issued(None, |session| {
        for key in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
            let value = json!([{ "a": { "first": 1, key: "{" } }]);
            let refused = |done| matches!(done, Err(SessionError::ReservedKey { key: inner, .. }) if inner == key);
            assert!(refused(session.set("a", &value)));
            assert!(refused(session.flash("a", &value)));
            assert!(refused(ready(session.update("a", move |_: Option<serde_json::Value>| value.clone())).map(drop)));
        }
        session.set("a", json!({ "$serde_json": 1, "$ref": 2 })).expect("a write");
    });
}

#[test]
fn a_forged_cookie_costs_no_store_call() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let before = world.calls();
    let forged = [
        cookie.replace('.', "_"),
        cookie.to_uppercase(),
        format!("{cookie}="),
        format!("\"{cookie}\""),
        cookie.chars().rev().collect(),
        String::new(),
        "x".repeat(100_000),
        cookie[..43].to_owned(),
    ];
    for forged in &forged {
        world.visit(Some(forged), |session| assert!(session.is_new()));
    }
    assert_eq!(world.calls(), before);
}

#[test]
fn a_signed_but_unknown_id_is_never_adopted() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.store.clear();
    let (other, _) = world.issued(Some(&cookie), |session| {
        assert!(session.is_new());
        session.set("n", 1).expect("a write");
    });
    assert_ne!(other, cookie);
    assert_eq!(world.user_of(&cookie), None);
}

#[test]
fn the_first_cookie_that_is_signed_and_live_counts_among_four() {
    let world = World::new();
    let (dead, _) = world.issued(None, login);
    world.store.clear();
    let (live, _) = world.issued(None, login);
    let user_of = |line: String| {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(&line).expect("text"));
        ready(world.manager.open(&headers)).expect("the store answers").call().session().user()
    };
    let forged = format!("{}x", &live[..86]);
    assert!(user_of(format!("session={dead}; session={forged}; session=; session={dead}; session={live}")).is_some());
    let before = world.calls();
    assert!(user_of(format!("{}session={live}", format!("session={dead}; ").repeat(4))).is_none());
    assert_eq!(world.calls() - before, 4);
}

#[test]
fn a_session_of_another_cookie_is_not_accepted() {
    let world = World::new();
    let other = world.beside("other");
    let (cookie, _) = world.issued(None, login);
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_str(&format!("other={cookie}")).expect("text"));
    let exchange = ready(other.open(&headers)).expect("the store answers");
    assert!(exchange.call().session().is_new());
}

#[test]
fn an_old_secret_verifies_and_the_new_one_signs_the_next_write() {
    let (old, new) = ("the old secret that has over 32 bytes..", "the new secret that has over 32 bytes..");
    let mut world = World::new();
    world.rebuild(|builder| builder, vec![old]);
    let (before, _) = world.issued(None, login);
    world.rebuild(|builder| builder, vec![new, old]);
    let (after, _) = world.issued(Some(&before), |session| session.set("n", 1).expect("a write"));
    assert_eq!(before[..43], after[..43]);
    assert_ne!(before, after);
    world.rebuild(|builder| builder, vec![new]);
    assert_eq!(world.user_of(&before), None);
    assert!(world.user_of(&after).is_some());
}

#[test]
fn a_late_read_does_not_remove_the_cookie_of_another_session() {
    // A login gave the session a new id meanwhile, and the browser already has it.
    let mut world = World::new();
    let second = Duration::from_secs(1);
    world.rebuild(
        |builder| builder.absolute_timeout(100 * second).touch_interval(Duration::ZERO),
        vec!["the one secret that has over 32 bytes.."],
    );
    let (cookie, _) = world.issued(None, login);
    world.clock.advance(Duration::from_millis(99_100));
    let late = world.open(Some(&cookie));
    let call = late.call();
    assert!(call.session().is_logged_in());
    call.commit();
    let (new, _) = world.issued(Some(&cookie), login);
    assert_eq!(world.close(&late).set_cookie(), None);
    assert!(world.user_of(&new).is_some());
}

#[test]
fn a_read_that_renews_signs_the_cookie_again() {
    // A request that changes nothing but the cookie.
    let (old, new) = ("the old secret that has over 32 bytes..", "the new secret that has over 32 bytes..");
    let mut world = World::new();
    world.rebuild(|builder| builder, vec![old]);
    let (before, _) = world.issued(None, login);
    world.rebuild(|builder| builder, vec![new, old]);
    world.clock.advance(Duration::from_secs(60));
    let (after, _) = world.issued(Some(&before), |session| assert!(session.is_logged_in()));
    assert_eq!(before[..43], after[..43]);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.issued(Some(&after), |session| assert!(session.is_logged_in())).0, after);
    world.rebuild(|builder| builder, vec![new]);
    assert!(world.user_of(&before).is_none() && world.user_of(&after).is_some());
}

#[test]
fn a_new_session_of_a_visitor_costs_other_requests_no_store_call() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.clock.advance(Duration::from_secs(60));
    let read = world.open(Some(&cookie));
    let call = read.call();
    assert!(call.session().is_logged_in());
    call.commit();
    world.visit(None, |session| session.set("seen", 1).expect("it is small"));
    let before = world.calls();
    assert_eq!(world.close_issued(&read).0, cookie);
    assert_eq!(world.calls(), before);
}

#[test]
fn a_failing_store_is_an_error_and_not_a_visitor() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.fail_from(0);
    assert!(matches!(ready(world.manager.open(&world.headers(Some(&cookie)))), Err(OpenError::Unavailable(_))));
    let exchange = world.open(None);
    let call = exchange.call();
    login(&call.session());
    call.commit();
    assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Unavailable(_))));
}

#[test]
fn a_logout_fails_if_the_store_fails() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    ready(call.session().logout()).expect("noted");
    call.commit();
    world.fail_from(0);
    assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Unavailable(_))));
}

#[test]
fn a_store_failure_during_a_login_leaves_one_valid_session() {
    for fails_after in 0..3 {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| session.set("cart", 1).expect("a write"));
        let exchange = world.open(Some(&cookie));
        let call = exchange.call();
        login(&call.session());
        call.commit();
        world.fail_from(fails_after);
        let closed = ready(world.manager.close(&exchange));
        world.fail_from(u64::MAX);
        // The new session was created and the old one destroyed, so the login is complete.
        match closed {
            Ok(closing) => {
                assert!(fails_after >= 2);
                let new = world::value(closing.set_cookie().expect("a cookie"));
                assert!(world.user_of(&new).is_some());
                world.visit(Some(&cookie), |session| assert!(session.is_new()));
            }
            Err(_) => {
                assert!(fails_after < 2);
                world.visit(Some(&cookie), |session| assert_eq!(session.get("cart").expect("a read"), Some(1)));
            }
        }
    }
}

#[test]
fn a_login_that_fails_leaves_no_second_session() {
    for acts in [ada(), SessionUser::new("u2", "bob@example.com")] {
        let world = World::new();
        let (cookie, _) = world.issued(None, login);
        let exchange = world.open(Some(&cookie));
        let call = exchange.call();
        ready(call.session().login(acts)).expect("noted");
        call.commit();
        // The new session is stored, but the old one cannot be destroyed.
        world.fail_only(1);
        assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Unavailable(_))));
        assert_eq!(world.store.len(), 1);
        assert!(world.user_of(&cookie).is_some());
    }
}

#[test]
fn expired_records_of_a_sloppy_store_are_ignored() {
    let (clock, late) = (ManualClock::at(1_700_000_000_000), ManualClock::at(1_700_000_000_000));
    let world = World::with_store_clock(clock, late);
    let (cookie, _) = world.issued(None, login);
    world.clock.advance(DAY - Duration::from_millis(1));
    // The session is alive, and this renews it.
    assert!(!world.open(Some(&cookie)).call().session().is_new());
    world.clock.advance(DAY);
    assert_eq!(world.store.len(), 1);
    assert_eq!(world.user_of(&cookie), None);
}

#[test]
fn a_session_that_expired_meanwhile_counts_as_ended() {
    let (clock, late) = (ManualClock::at(1_700_000_000_000), ManualClock::at(1_700_000_000_000));
    let world = World::with_store_clock(clock, late);
    let (cookie, _) = world.issued(None, login);
    let exchange = world.open(Some(&cookie));
    world.visit(Some(&cookie), |session| session.set("theirs", 1).expect("a write"));
    world.clock.advance(2 * DAY);
    let call = exchange.call();
    call.session().set("late", 1).expect("a write");
    call.commit();
    assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::Conflict)));
}

#[test]
fn a_session_over_a_lowered_limit_can_only_shrink() {
    let mut world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        for key in ["a", "b", "c"] {
            session.set(key, "x".repeat(1_000)).expect("a write");
        }
    });
    world.rebuild(|builder| builder.size_limit(500), vec!["conformance-session-secret-0123456789"]);
    world.visit(Some(&cookie), |session| {
        assert!(matches!(session.set("d", 1), Err(SessionError::TooLarge { limit: 500, .. })));
        assert!(session.remove("a").expect("a removal"));
    });
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.data().expect("a read").len(), 2);
        ready(session.regenerate()).expect("noted");
    });
    assert_eq!(world.store.len(), 1);
}

#[test]
fn a_session_that_grows_too_large_by_two_requests_keeps_what_the_first_wrote() {
    for rotates in [false, true] {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
        let exchange = world.open(Some(&cookie));
        world.visit(Some(&cookie), |session| session.set("one", "x".repeat(40_000)).expect("a write"));
        let call = exchange.call();
        call.session().set("other", "x".repeat(40_000)).expect("a write");
        if rotates {
            ready(call.session().regenerate()).expect("noted");
        }
        call.commit();
        assert!(matches!(ready(world.manager.close(&exchange)), Err(CloseError::TooLarge { limit: 65_536, .. })));
        assert_eq!(world.store.len(), 1);
        world.visit(Some(&cookie), |session| assert!(session.contains("one") && !session.contains("other")));
    }
}

#[test]
fn a_new_id_keeps_writes_made_during_the_change() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("count", 0).expect("a write"));
    let manager = world.stepped();
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    ready(call.session().regenerate()).expect("noted");
    call.commit();
    let mut closing = Box::pin(manager.close(&exchange));
    let mut writes = 0;
    let closed = loop {
        if let Some(closed) = world::poll(&mut closing) {
            break closed;
        }
        if writes < 12 {
            world.visit(Some(&cookie), |session| {
                ready(session.update("count", |count: Option<u32>| count.unwrap_or(0) + 1)).expect("a write");
            });
            writes += 1;
        }
    };
    let new = world::value(closed.expect("it is saved").set_cookie().expect("a cookie"));
    assert_eq!(world.store.len(), 1);
    world.visit(Some(&new), |session| assert_eq!(session.get("count").expect("a read"), Some(12)));
}

#[test]
fn too_many_conflicts_end_in_an_error() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| session.set("count", 0).expect("a write"));
    let manager = world.stepped();
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    call.session().set("mine", 1).expect("a write");
    call.commit();
    let mut closing = Box::pin(manager.close(&exchange));
    let closed = loop {
        if let Some(closed) = world::poll(&mut closing) {
            break closed;
        }
        world.visit(Some(&cookie), |session| session.set("theirs", 1).expect("a write"));
    };
    assert!(matches!(closed, Err(CloseError::Conflict)));
    world.visit(Some(&cookie), |session| assert!(!session.contains("mine")));
}

#[test]
fn a_dropped_request_leaves_the_old_session_or_the_new_one() {
    for polls in 0..6 {
        let world = World::new();
        let (cookie, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
        let manager = world.slow();
        let exchange = world.open(Some(&cookie));
        let call = exchange.call();
        call.session().set("n", 2).expect("a write");
        call.commit();
        let mut closing = Box::pin(manager.close(&exchange));
        for _ in 0..polls {
            if world::poll(&mut closing).is_some() {
                break;
            }
        }
        drop(closing);
        world.visit(Some(&cookie), |session| {
            let n = session.get::<u32>("n").expect("a read");
            assert!(n == Some(1) || n == Some(2));
        });
    }
}

#[test]
fn the_store_sees_no_id() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        login(session);
        session.set("n", 1).expect("a write");
    });
    world.visit(Some(&cookie), |session| session.set("n", 2).expect("a write"));
    let seen = world.seen();
    assert!(!seen.is_empty() && !seen.contains(&cookie[..43]) && !seen.contains(&cookie[44..]));
}

#[test]
fn there_is_one_cookie_line_and_it_is_marked_as_sensitive() {
    let world = World::new();
    let mut headers = HeaderMap::new();
    world.exchange(None, login).apply(&mut headers);
    assert_eq!(headers.get_all(SET_COOKIE).iter().count(), 1);
    assert!(headers[SET_COOKIE].is_sensitive());
}
