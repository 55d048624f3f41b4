//! What the log says, and what it never says.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::world::World;
use super::*;

/// Writes all events of all levels into a text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    /// What was logged meanwhile.
    fn of(run: impl FnOnce()) -> String {
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
fn a_session_can_be_followed_from_login_to_logout_and_its_id_is_not_there() {
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
