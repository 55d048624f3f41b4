//! Tests sessions that were only read, which are closed without a store call.

use super::world::World;
use super::*;

#[test]
fn an_exchange_is_closed_once() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    world.clock.advance(HOUR);
    let exchange = world.open(Some(&cookie));
    let late = exchange.call();
    let calls = world.calls();
    assert!(world.close(&exchange).set_cookie().is_some());
    assert_eq!(world.close(&exchange).set_cookie(), None);
    assert!(matches!(late.session().set("n", 1), Err(SessionError::Ended)));
    assert_eq!(world.calls(), calls);
}

#[test]
fn after_a_long_request_the_store_is_asked_again() {
    for (took, is_sent) in [(99, true), (100, false)] {
        let world = World::new();
        let (cookie, _) = world.issued(None, login);
        world.clock.advance(HOUR);
        let exchange = world.open(Some(&cookie));
        // This manager does not know the sessions that the other manager has ended.
        assert_eq!(ready(world.beside("session").end_all("u1")).expect("the store answers"), 1);
        world.clock.advance(Duration::from_millis(took));
        assert_eq!(world.close(&exchange).set_cookie().is_some(), is_sent);
    }
}

#[test]
fn reading_a_message_in_a_long_request_does_not_renew_the_session() {
    let mut world = World::new();
    world.rebuild(|settings| settings.sliding(false), vec!["conformance-session-secret-0123456789"]);
    let (cookie, _) = world.issued(None, |session| session.flash("f", 1).expect("a write"));
    world.clock.advance(HOUR);
    let exchange = world.open(Some(&cookie));
    let call = exchange.call();
    assert_eq!(ready(call.session().take_flash::<u32>("f")).expect("a read"), Some(1));
    call.commit();
    // This is so long that the store is asked whether the session still exists.
    world.clock.advance(Duration::from_secs(1));
    let (_, line) = world.close_issued(&exchange);
    assert!(line.contains(&format!("Max-Age={};", (DAY - HOUR).as_secs() - 1)), "{line}");
    world.clock.advance(DAY - HOUR - Duration::from_secs(1));
    world.visit(Some(&cookie), |session| assert!(session.is_new()));
}
