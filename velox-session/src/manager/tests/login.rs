//! Tests logins with the application's own type of user, and with a lifetime.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::world::{DAY, World, ready};
use super::{HOUR, ada};
use crate::session::SessionError;
use crate::user::{Authenticatable, SessionUser};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    id: u32,
    email: String,
    roles: Vec<String>,
}

impl Authenticatable for Account {
    fn id(&self) -> Cow<'_, str> {
        Cow::Owned(self.id.to_string())
    }
}

fn account() -> Account {
    Account { id: 7, email: "ada@example.com".to_owned(), roles: vec!["admin".to_owned()] }
}

#[test]
fn a_custom_user_type_is_read_back_unchanged() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        ready(session.login(account())).expect("a login");
        assert_eq!(session.user_as().expect("a read"), Some(account()));
    });
    world.visit(Some(&cookie), |session| {
        assert_eq!(session.user_as().expect("a read"), Some(account()));
        assert_eq!(session.user(), Some(SessionUser::new("7", "ada@example.com")));
        // The details of the user are not part of the data, and only a login can write them.
        assert!(session.data().expect("a read").is_empty() && !session.contains("roles"));
        assert!(matches!(session.set("_user", 1), Err(SessionError::ReservedKey { .. })));
    });
    assert_eq!(ready(world.manager.sessions_of("7")).expect("a list").len(), 1);
}

#[test]
fn a_login_removes_the_data_of_the_previous_user() {
    let world = World::new();
    for id in ["7", "8"] {
        let (cookie, _) = world.issued(None, |session| ready(session.login(account())).expect("a login"));
        let (cookie, _) = world.issued(Some(&cookie), |session| {
            ready(session.login(SessionUser::new(id, "eve@example.com"))).expect("a login");
        });
        world.visit(Some(&cookie), |session| {
            assert_eq!(session.user_as().expect("a read"), session.user());
            let mismatch = session.user_as::<Account>().expect_err("it has no roles");
            assert!(matches!(mismatch, SessionError::Decode { .. }), "{mismatch}");
            ready(session.logout()).expect("a logout");
            assert_eq!(session.user_as::<Account>().expect("a read"), None);
        });
    }
}

#[test]
fn a_type_without_an_email_is_a_user_too() {
    #[derive(Serialize)]
    struct Robot {
        name: &'static str,
    }
    impl Authenticatable for Robot {
        fn id(&self) -> Cow<'_, str> {
            Cow::Borrowed(self.name)
        }
    }
    let world = World::new();
    world.issued(None, |session| {
        ready(session.login(Robot { name: "r2" })).expect("a login");
        assert_eq!(session.user(), Some(SessionUser::new("r2", "")));
    });
}

#[test]
fn a_user_that_is_too_large_is_refused_at_once() {
    let mut world = World::new();
    world.rebuild(|settings| settings.size_limit(200), vec![super::world::SECRET]);
    let exchange = world.open(None);
    let call = exchange.call();
    let large = Account { roles: vec!["x".repeat(300)], ..account() };
    assert!(matches!(ready(call.session().login(large)), Err(SessionError::TooLarge { limit: 200 })));
    assert!(!call.session().is_logged_in());
    call.commit();
    assert!(world.close(&exchange).set_cookie().is_none() && world.store.is_empty());
}

#[test]
fn a_lifetime_chosen_at_login_overrides_the_settings() {
    let world = World::new();
    for (max_age, age) in [(5 * DAY, "; Max-Age=432000;"), (HOUR, "; Max-Age=3600;")] {
        let (cookie, line) = world.issued(None, |session| {
            ready(session.login_for(ada(), max_age)).expect("a login");
        });
        assert!(line.contains(age), "{line}");
        for _ in 0..3 {
            world.clock.advance(max_age - Duration::from_millis(1));
            let (same, line) = world.issued(Some(&cookie), |session| assert!(session.is_logged_in()));
            assert!(same == cookie && line.contains(age), "{line}");
        }
        // A write renews the session with the same lifetime, and so does a new id.
        world.clock.advance(max_age / 2);
        let (_, line) = world.issued(Some(&cookie), |session| session.set("n", 1).expect("a write"));
        assert!(line.contains(age), "{line}");
        let (cookie, line) = world.issued(Some(&cookie), |session| ready(session.regenerate()).expect("a new id"));
        assert!(line.contains(age), "{line}");
        world.clock.advance(max_age);
        assert_eq!(world.user_of(&cookie), None);
    }
}

#[test]
fn a_flash_message_that_is_taken_leaves_the_lifetime_alone() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        ready(session.login_for(ada(), 10 * DAY)).expect("a login");
        session.flash("f", 1).expect("a write");
    });
    let (_, line) = world.issued(Some(&cookie), |session| {
        assert_eq!(ready(session.take_flash("f")).expect("a read"), Some(1));
    });
    assert!(line.contains("; Max-Age=864000;"), "{line}");
}

#[test]
fn the_next_login_uses_the_settings_again() {
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| ready(session.login_for(ada(), 10 * DAY)).expect("a login"));
    let (_, line) = world.issued(Some(&cookie), |session| ready(session.login(ada())).expect("a login"));
    assert!(line.contains("; Max-Age=86400;"), "{line}");
}

#[test]
fn the_absolute_timeout_holds_for_a_chosen_lifetime_too() {
    let mut world = World::new();
    world.rebuild(|settings| settings.absolute_timeout(3 * DAY), vec![super::world::SECRET]);
    let (_, line) = world.issued(None, |session| ready(session.login_for(ada(), 10 * DAY)).expect("a login"));
    assert!(line.contains("; Max-Age=259200;"), "{line}");
}

#[test]
fn remember_me_makes_a_browser_session_cookie_persistent() {
    let mut world = World::new();
    world.rebuild(|settings| settings.expire_on_close(true), vec![super::world::SECRET]);
    let (cookie, line) = world.issued(None, |session| ready(session.login_for(ada(), 10 * DAY)).expect("a login"));
    assert!(line.contains("; Max-Age=864000;"), "{line}");
    let (_, line) = world.issued(Some(&cookie), |session| ready(session.login(ada())).expect("a login"));
    assert!(!line.contains("Max-Age"), "{line}");
}

#[test]
fn an_invalid_lifetime_is_an_error_and_nobody_is_logged_in() {
    let world = World::new();
    world.visit(None, |session| {
        for max_age in [Duration::ZERO, Duration::from_millis(999), 401 * DAY, Duration::MAX] {
            assert!(matches!(ready(session.login_for(ada(), max_age)), Err(SessionError::Lifetime)));
        }
        assert!(!session.is_logged_in());
    });
    assert!(world.store.is_empty());
}

#[test]
fn a_user_without_an_id_cannot_log_in() {
    let world = World::new();
    world.visit(None, |session| {
        let login = ready(session.login(SessionUser::new("", "ada@example.com")));
        assert!(matches!(login, Err(SessionError::NoUserId)), "{login:?}");
        assert!(!session.is_logged_in());
    });
    assert!(world.store.is_empty());
}
