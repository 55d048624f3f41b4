//! Tests what the log contains and what it must never contain.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::world::World;
use super::*;
use crate::event::Counters;

/// Collects the events of all levels as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    /// Returns what was logged while `run` ran.
    fn of(run: impl FnOnce()) -> String {
        // tracing asks only the subscribers that exist when an event is first reached. Without one
        // for all threads, another test could turn the event off.
        static GLOBAL: Once = Once::new();
        GLOBAL.call_once(|| tracing::subscriber::set_global_default(Self::default()).expect("the only one"));
        let log = Self::default();
        tracing::subscriber::with_default(log.clone(), run);
        log.0.lock().expect("no test panics with it").clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().expect("no test panics with it");
        write!(text, "{}:", event.metadata().level()).expect("text");
        event.record(&mut Line(&mut text));
        text.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("text");
    }
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn the_log_follows_a_session_from_login_to_logout_without_its_id() {
    let world = World::new();
    let mut cookies = Vec::new();
    let text = Log::of(|| {
        let (first, _) = world.issued(None, login);
        let (second, _) = world.issued(Some(&first), |session| ready(session.regenerate()).expect("noted"));
        world.visit(Some(&first), |session| assert!(session.is_new()));
        world.visit(Some(&second), |session| ready(session.logout()).expect("noted"));
        let _ = world.open(Some(&format!("{}x", &second[..86])));
        cookies = vec![first, second];
    });
    for what in ["began with a login", "got a new id", "without a live session", "session ended", "wrong signature"] {
        assert_eq!(count(&text, what), 1, "{what} in {text}");
    }
    for cookie in &cookies {
        assert!(!text.contains(&cookie[..43]) && !text.contains(&cookie[44..]), "{text}");
    }
    assert!(!text.contains("ada@example.com"), "{text}");
}

#[test]
fn debug_output_of_a_loaded_session_hides_the_cookie() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let text = world.open(Some(&cookie)).shared().with(|state| Ok(format!("{state:?}"))).expect("it is open");
    let bytes = |half: &str| format!("{:?}", half.as_bytes());
    for half in [&cookie[..43], &cookie[44..]] {
        assert!(!text.contains(half) && !text.contains(&bytes(half)), "{text}");
    }
}

#[test]
fn a_flood_of_forged_cookies_does_not_flood_the_log() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let forged = format!("{}x", &cookie[..86]);
    let text = Log::of(|| {
        for _ in 0..100 {
            let _ = world.open(Some(&forged));
        }
        world.clock.advance(Duration::from_secs(1));
        let _ = world.open(Some(&forged));
    });
    assert_eq!(count(&text, "wrong signature"), 11, "{text}");
    assert_eq!(count(&text, "suppressed=90"), 1, "{text}");
}

#[test]
fn each_security_event_is_one_line_and_one_count() {
    // A wrong signature, an id that was never issued, a fixation, and a session that was ended.
    let world = World::new();
    let (ended, _) = world.issued(None, login);
    world.visit(Some(&ended), |session| ready(session.logout()).expect("noted"));
    let (planted, _) = world.issued(None, |session| session.set("n", 1).expect("a write"));
    world.store.clear();
    let of = |run: &dyn Fn()| {
        let before = world.manager.counters();
        let text = Log::of(run);
        let after = world.manager.counters();
        let counts = [after.forged - before.forged, after.unknown - before.unknown, after.logins - before.logins];
        (counts, count(&text, "wrong signature"), count(&text, "without a live session"))
    };
    let forged = format!("{}x", &ended[..86]);
    assert_eq!(of(&|| drop(world.open(Some(&forged)))), ([1, 0, 0], 1, 0));
    assert_eq!(of(&|| drop(world.open(Some(&ended)))), ([0, 1, 0], 0, 1));
    assert_eq!(of(&|| world.visit(Some(&planted), login)), ([0, 1, 1], 0, 1));
    // A cookie that is not ours is not an attack.
    assert_eq!(of(&|| drop(world.open(Some("garbage")))), ([0; 3], 0, 0));
    // A session in use is not an attack either.
    let (live, _) = world.issued(None, login);
    assert_eq!(of(&|| drop(world.open(Some(&live)))), ([0; 3], 0, 0));
}

#[test]
fn a_flood_of_one_kind_does_not_hide_others_and_is_counted() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.visit(Some(&cookie), |session| ready(session.logout()).expect("noted"));
    let forged = format!("{}x", &cookie[..86]);
    let text = Log::of(|| {
        for _ in 0..100 {
            drop(world.open(Some(&forged)));
        }
        drop(world.open(Some(&cookie)));
    });
    assert_eq!((count(&text, "wrong signature"), count(&text, "without a live session")), (10, 1), "{text}");
    let counters = world.manager.counters();
    assert_eq!((counters.forged, counters.unknown), (100, 1));
}

#[test]
fn each_change_of_a_session_is_counted_once() {
    let world = World::new();
    let mut before = [0; 5];
    // Begun, logins, rotations, logouts, revoked.
    let mut assert_counted = |expected: [u64; 5]| {
        let Counters { begun, logins, rotations, logouts, revoked, .. } = world.manager.counters();
        let now = [begun, logins, rotations, logouts, revoked];
        assert_eq!(std::array::from_fn(|index| now[index] - before[index]), expected);
        before = now;
    };
    let write = |session: &Session| session.set("n", 1).expect("a write");
    let regenerate = |session: &Session| ready(session.regenerate()).expect("noted");
    let logout = |session: &Session| ready(session.logout()).expect("noted");
    let farewell = |session: &Session| {
        logout(session);
        session.flash("success", "See you").expect("a write");
    };

    let (cookie, _) = world.issued(None, write);
    assert_counted([1, 0, 0, 0, 0]);
    world.visit(Some(&cookie), write);
    assert_counted([0; 5]);
    let (cookie, _) = world.issued(Some(&cookie), login);
    assert_counted([0, 1, 0, 0, 0]);
    let (cookie, _) = world.issued(Some(&cookie), regenerate);
    assert_counted([0, 0, 1, 0, 0]);
    let (cookie, _) = world.issued(Some(&cookie), login);
    assert_counted([0, 1, 0, 0, 0]);
    let (other, _) = world.issued(None, login);
    assert_counted([1, 1, 0, 0, 0]);
    world.visit(Some(&cookie), |session| ready(session.logout_others()).expect("noted"));
    assert_counted([0, 0, 0, 0, 1]);
    world.visit(Some(&cookie), logout);
    assert_counted([0, 0, 0, 1, 0]);
    // Nothing is ended in sessions that are over.
    world.visit(Some(&cookie), logout);
    world.visit(Some(&other), logout);
    assert_counted([0; 5]);
    // A write after a logout goes into another session.
    let (cookie, _) = world.issued(None, login);
    assert_counted([1, 1, 0, 0, 0]);
    let text = Log::of(|| drop(world.issued(Some(&cookie), farewell)));
    assert_counted([1, 0, 0, 1, 0]);
    assert_eq!((count(&text, "session ended"), count(&text, "got a new id")), (1, 0), "{text}");
}

#[test]
fn conflicts_and_failures_of_the_store_are_counted() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let late = world.open(Some(&cookie));
    let call = late.call();
    call.session().set("a", 1).expect("a write");
    call.commit();
    world.visit(Some(&cookie), |session| session.set("b", 2).expect("a write"));
    let text = Log::of(|| drop(world.close(&late)));
    assert_eq!((count(&text, "changed by another"), world.manager.counters().conflicts), (1, 1), "{text}");

    world.fail_from(0);
    let text = Log::of(|| assert!(ready(world.manager.open(&world.headers(Some(&cookie)))).is_err()));
    assert_eq!((count(&text, "session store error"), world.manager.counters().store_errors), (1, 1), "{text}");
}

#[test]
fn the_log_says_once_a_second_why_the_store_fails() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.fail_from(0);
    let fail = || assert!(ready(world.manager.open(&world.headers(Some(&cookie)))).is_err());
    let text = Log::of(|| {
        (0..100).for_each(|_| fail());
        world.clock.advance(Duration::from_secs(1));
        fail();
    });
    let lines: Vec<_> = text.lines().filter(|line| line.contains("session store error")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, suppressed) in lines.iter().zip([0, 99]) {
        assert!(line.contains("error=the session store failed: told to fail "), "{line}");
        assert!(line.ends_with(&format!(" suppressed={suppressed}")), "{line}");
    }
    assert_eq!(world.manager.counters().store_errors, 101);
}
