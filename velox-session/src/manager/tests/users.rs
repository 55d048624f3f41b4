//! Tests the sessions of a user: listed, ended, limited.

use super::world::{self, World, poll, ready};
use super::*;
use crate::Counters;
use crate::session::SessionHandle;

fn bob(session: &Session) {
    ready(session.login(SessionUser::new("u2", "bob@example.com"))).expect("a login");
}

/// Returns three sessions of Ada, the oldest first, and one of Bob.
fn crowd() -> (World, [String; 3], String) {
    let world = World::new();
    let adas = [(); 3].map(|()| {
        world.clock.advance(Duration::from_secs(1));
        world.issued(None, login).0
    });
    let (other, _) = world.issued(None, bob);
    (world, adas, other)
}

fn alive<'c>(world: &World, cookies: impl IntoIterator<Item = &'c String>) -> Vec<bool> {
    cookies.into_iter().map(|cookie| world.user_of(cookie).is_some()).collect()
}

#[test]
fn a_user_sees_their_sessions_newest_first_and_the_current_one() {
    let (world, adas, other) = crowd();
    world.visit(Some(&adas[1]), |session| {
        let sessions = ready(session.sessions()).expect("a list");
        assert_eq!(sessions.iter().map(|one| one.is_current()).collect::<Vec<_>>(), [false, true, false]);
        let began: Vec<_> = sessions.iter().map(|one| one.record().created_at()).collect();
        assert!(began.is_sorted_by(|one, next| one > next));
        assert_eq!(session.handle(), Some(sessions[1].handle()));
        // A handle is useless as a cookie, and contains no part of one.
        let handle = sessions[1].handle().to_string();
        assert!(!adas.iter().any(|cookie| cookie.contains(&handle[..16])));
        assert!(
            ready(world.manager.open(&world.headers(Some(&handle)))).expect("no store call").call().session().is_new()
        );
    });
    world.visit(Some(&other), |session| assert_eq!(ready(session.sessions()).expect("a list").len(), 1));
    world.visit(None, |session| assert!(ready(session.sessions()).expect("a list").is_empty()));
}

#[test]
fn a_session_is_ended_by_its_handle_and_only_by_its_user() {
    let (world, adas, other) = crowd();
    let handle_of = |cookie: &str| world.open(Some(cookie)).call().session().handle().expect("it is live");
    let (first, bobs): (SessionHandle, _) = (handle_of(&adas[0]), handle_of(&other));
    world.visit(Some(&adas[1]), |session| {
        assert!(!ready(session.end(&bobs)).expect("an answer"), "another user's");
        assert!(ready(session.end(&first)).expect("an answer"));
        assert!(!ready(session.end(&first)).expect("an answer"), "it is gone");
    });
    assert_eq!(alive(&world, adas.iter().chain([&other])), [false, true, true, true]);
    let own = handle_of(&adas[1]);
    let closing = world.exchange(Some(&adas[1]), |session| assert!(ready(session.end(&own)).expect("an answer")));
    assert_eq!(world::value(closing.set_cookie().expect("a removal")), "");
    assert_eq!(alive(&world, &adas), [false, false, true]);
    assert_eq!(world.manager.counters().revoked, 1);
}

#[test]
fn logout_all_ends_every_session_of_the_user_and_no_other() {
    let (world, adas, other) = crowd();
    let closing = world.exchange(Some(&adas[1]), |session| ready(session.logout_all()).expect("noted"));
    assert_eq!(world::value(closing.set_cookie().expect("a removal")), "");
    assert_eq!(alive(&world, adas.iter().chain([&other])), [false, false, false, true]);
    assert_eq!(world.store.len(), 1);
}

#[test]
fn logout_all_is_one_logout_and_no_conflict() {
    let (world, adas, _) = crowd();
    let before = (world.manager.counters(), world.calls());
    world.visit(Some(&adas[1]), |session| ready(session.logout_all()).expect("noted"));
    let Counters { logouts, revoked, conflicts, .. } = world.manager.counters();
    let now = (logouts - before.0.logouts, revoked - before.0.revoked, conflicts - before.0.conflicts);
    assert_eq!(now, (1, 2, 0));
    // It loads this session, ends the others, and destroys this one.
    assert_eq!(world.calls() - before.1, 3);
}

#[test]
fn logout_others_keeps_the_current_session_under_its_present_id() {
    for regenerates in [false, true] {
        let (world, adas, other) = crowd();
        let closing = world.exchange(Some(&adas[1]), |session| {
            if regenerates {
                ready(session.regenerate()).expect("noted");
            }
            ready(session.logout_others()).expect("noted");
        });
        let own = closing.set_cookie().map_or_else(|| adas[1].clone(), world::value);
        assert_eq!(own != adas[1], regenerates);
        assert_eq!(alive(&world, [&adas[0], &own, &adas[2], &other]), [false, true, false, true]);
        assert_eq!(world.store.len(), 2);
    }
}

#[test]
fn a_login_after_logout_all_in_one_request_is_kept() {
    let (world, adas, _) = crowd();
    let (new, _) = world.issued(Some(&adas[0]), |session| {
        ready(session.logout_all()).expect("noted");
        login(session);
    });
    assert_eq!(alive(&world, adas.iter().chain([&new])), [false, false, false, true]);
}

#[test]
fn a_failed_call_still_ends_other_sessions() {
    let (world, adas, _) = crowd();
    let exchange = world.open(Some(&adas[0]));
    let call = exchange.call();
    ready(call.session().logout_others()).expect("noted");
    drop(call);
    let _closing = world.close(&exchange);
    assert_eq!(alive(&world, &adas), [true, false, false]);
}

#[test]
fn an_administrator_ends_all_sessions_of_a_user() {
    let (world, adas, other) = crowd();
    assert_eq!(ready(world.manager.end_all("u1")).expect("an answer"), 3);
    assert_eq!(ready(world.manager.end_all("u1")).expect("an answer"), 0);
    assert_eq!(alive(&world, adas.iter().chain([&other])), [false, false, false, true]);
    assert!(ready(world.manager.sessions_of("u1")).expect("a list").is_empty());
}

#[test]
fn a_session_that_gets_a_new_id_meanwhile_is_ended_too() {
    // Tries every order of the store calls of a rotation and of ending all sessions.
    for switch in 0..12 {
        let world = World::new();
        let (cookie, _) = world.issued(None, login);
        let stepped = world.stepped();
        let exchange = world.open(Some(&cookie));
        let call = exchange.call();
        ready(call.session().regenerate()).expect("noted");
        call.commit();
        let (mut closing, mut ending) = (Box::pin(stepped.close(&exchange)), Box::pin(stepped.end_all("u1")));
        // Steps of the rotation alternate with steps of ending all sessions.
        let (mut closed, mut ended) = (None, None);
        for step in 0..1_000 {
            let turn = (step / (1 + switch % 4) + switch) % 2 == 0;
            if turn && closed.is_none() {
                closed = poll(&mut closing);
            } else if ended.is_none() {
                ended = poll(&mut ending);
            } else if closed.is_none() {
                closed = poll(&mut closing);
            }
        }
        assert!(ended.expect("it ends").is_ok());
        let closed = closed.expect("it ends");
        assert!(matches!(closed, Ok(_) | Err(CloseError::Conflict)), "{closed:?}");
        let line = closed.ok().and_then(|closing| closing.set_cookie().map(world::value));
        // The session was ended before the rotation, or the rotation found it gone and failed; or
        // the rotation came after and made a new one.
        let left = world.store.len();
        assert!(left == 0 || (left == 1 && line.is_some()), "{switch}: {left}");
        assert!(!alive(&world, [&cookie])[0]);
    }
}

#[test]
fn a_login_over_the_limit_ends_the_oldest_session() {
    let (mut world, adas, other) = crowd();
    world.rebuild(|settings| settings.max_sessions_per_user(2), vec!["conformance-session-secret-0123456789"]);
    world.clock.advance(Duration::from_secs(1));
    let (new, _) = world.issued(None, login);
    assert_eq!(alive(&world, adas.iter().chain([&new, &other])), [false, false, true, true, true]);
    // A repeated login of the logged-in user replaces that user's session.
    let (again, _) = world.issued(Some(&new), login);
    assert_eq!(alive(&world, [&adas[2], &new, &again]), [true, false, true]);
    world.visit(Some(&again), |session| session.set("n", 1).expect("a write"));
    assert_eq!(world.store.len(), 3);
}

#[test]
fn concurrent_logins_stay_within_the_limit() {
    // Tries every order of their store calls.
    for order in 0..64_u32 {
        let mut world = World::new();
        world.rebuild(|settings| settings.max_sessions_per_user(1), vec!["conformance-session-secret-0123456789"]);
        let manager = world.stepped_with(|settings| settings.max_sessions_per_user(1));
        let exchanges = [world.open(None), world.open(None)];
        for exchange in &exchanges {
            let call = exchange.call();
            login(&call.session());
            call.commit();
        }
        let mut futures = exchanges.iter().map(|exchange| Some(Box::pin(manager.close(exchange)))).collect::<Vec<_>>();
        let mut cookies = Vec::new();
        for step in 0..100 {
            let first = (order >> (step % 6) & 1) as usize;
            let index = if futures[first].is_some() { first } else { 1 - first };
            let Some(future) = futures[index].as_mut() else { break };
            if let Some(closed) = poll(future) {
                futures[index] = None;
                cookies.extend(closed.ok().and_then(|closing| closing.set_cookie().map(world::value)));
                assert!(alive(&world, &cookies).iter().filter(|alive| **alive).count() <= 1, "{order}");
            }
        }
        assert!(futures.iter().all(Option::is_none));
        assert_eq!((world.store.len(), alive(&world, &cookies).contains(&true)), (1, true), "{order}");
    }
}

#[test]
fn a_session_that_gets_a_new_id_meanwhile_counts_for_the_limit() {
    // Rotates the session after each number of steps of a login that must end it.
    for steps in 0..6 {
        let world = World::new();
        let (cookie, _) = world.issued(None, login);
        world.clock.advance(Duration::from_secs(1));
        let manager = world.stepped_with(|settings| settings.max_sessions_per_user(1));
        let (first, second) = (world.open(Some(&cookie)), world.open(None));
        let (call, other) = (first.call(), second.call());
        ready(call.session().regenerate()).expect("noted");
        call.commit();
        login(&other.session());
        other.commit();
        let mut closing = Box::pin(manager.close(&second));
        for _ in 0..steps {
            if poll(&mut closing).is_some() {
                return;
            }
        }
        let rotated = world.close(&first).set_cookie().map(world::value);
        let closed = loop {
            if let Some(closed) = poll(&mut closing) {
                break closed.expect("it is saved");
            }
        };
        let new = world::value(closed.set_cookie().expect("a cookie"));
        assert_eq!(alive(&world, [&new]), [true], "{steps}");
        assert_eq!((alive(&world, &rotated).contains(&true), world.store.len()), (false, 1), "{steps}");
    }
}

#[test]
fn logout_all_can_be_repeated() {
    let (world, adas, other) = crowd();
    world.visit(Some(&adas[1]), |session| {
        ready(session.logout_all()).expect("noted");
        ready(session.logout_all()).expect("there is nobody");
    });
    assert_eq!(alive(&world, adas.iter().chain([&other])), [false, false, false, true]);
}

#[test]
fn one_request_can_end_the_sessions_of_two_users() {
    let (world, adas, bobs) = crowd();
    let (new, _) = world.issued(Some(&adas[1]), |session| {
        ready(session.logout_all()).expect("noted");
        bob(session);
        ready(session.logout_others()).expect("noted");
    });
    assert_eq!(alive(&world, adas.iter().chain([&bobs, &new])), [false, false, false, false, true]);
}

#[test]
fn logout_others_fails_after_another_call_changed_the_user() {
    let (world, adas, _) = crowd();
    let exchange = world.open(Some(&adas[0]));
    let (one, other) = (exchange.call(), exchange.call());
    assert_eq!(other.session().user(), Some(ada()));
    ready(one.session().logout()).expect("noted");
    assert!(matches!(ready(other.session().logout_others()), Err(SessionError::Superseded)));
    assert!(matches!(ready(other.session().logout_all()), Err(SessionError::Superseded)));
    bob(&one.session());
    assert!(matches!(ready(other.session().logout_others()), Err(SessionError::Superseded)));
    let late = other.session();
    other.commit();
    assert!(matches!(ready(late.logout_others()), Err(SessionError::Ended)));
    assert!(matches!(ready(late.sessions()), Err(SessionError::Ended)));
    let handle: SessionHandle = "0".repeat(64).parse().expect("a handle");
    assert!(matches!(ready(late.end(&handle)), Err(SessionError::Ended)));
}

#[test]
fn ending_sessions_under_an_old_id_keeps_the_new_session() {
    for sleeps in [0, 3_600] {
        let (world, adas, _) = crowd();
        world.clock.advance(Duration::from_secs(sleeps));
        let (exchange, asking) = (world.open(Some(&adas[0])), world.open(Some(&adas[0])));
        let (call, other) = (exchange.call(), asking.call());
        ready(call.session().regenerate()).expect("noted");
        call.commit();
        ready(other.session().logout_others()).expect("noted");
        other.commit();
        let (new, _) = world.close_issued(&exchange);
        assert!(matches!(ready(world.manager.close(&asking)), Err(CloseError::Conflict)));
        assert_eq!(alive(&world, adas.iter().chain([&new])), [false, true, true, true]);
    }
}

#[test]
fn ending_sessions_during_a_change_of_id_keeps_the_new_session() {
    // Rotates the session after each number of steps of the request that logs out the others.
    for steps in 0..10 {
        let (world, adas, _) = crowd();
        let manager = world.stepped();
        let (exchange, asking) = (world.open(Some(&adas[0])), world.open(Some(&adas[0])));
        let (call, other) = (exchange.call(), asking.call());
        ready(call.session().regenerate()).expect("noted");
        call.commit();
        ready(other.session().logout_others()).expect("noted");
        other.commit();
        let mut ending = Box::pin(manager.close(&asking));
        let mut ended = None;
        for _ in 0..steps {
            ended = ended.or_else(|| poll(&mut ending));
        }
        let (new, _) = world.close_issued(&exchange);
        while ended.is_none() {
            ended = poll(&mut ending);
        }
        assert_eq!(alive(&world, [&new]), [true], "{steps}");
        if ended.expect("it ends").is_ok() {
            assert_eq!(alive(&world, &adas), [false; 3], "{steps}");
        }
    }
}

#[test]
fn a_store_failure_leaves_one_valid_session() {
    // This includes operations that end other sessions.
    let acts: [fn(&Session); 2] = [login, |session| {
        ready(session.regenerate()).expect("noted");
        ready(session.logout_others()).expect("noted");
    }];
    for (act, fails_at) in acts.into_iter().flat_map(|act| (0..10).map(move |call| (act, call))) {
        for recovers in [true, false] {
            let (mut world, adas, _) = crowd();
            world.rebuild(|settings| settings.max_sessions_per_user(2), vec!["conformance-session-secret-0123456789"]);
            world.visit(Some(&adas[2]), |session| session.set("cart", 1).expect("a write"));
            let exchange = world.open(Some(&adas[2]));
            let call = exchange.call();
            act(&call.session());
            call.commit();
            if recovers {
                world.fail_only(fails_at);
            } else {
                world.fail_from(fails_at);
            }
            let closed = ready(world.manager.close(&exchange));
            world.fail_from(u64::MAX);
            let cookie = match closed {
                Ok(closing) => world::value(closing.set_cookie().expect("a cookie")),
                Err(_) => adas[2].clone(),
            };
            world.visit(Some(&cookie), |session| {
                assert_eq!(session.get("cart").expect("a read"), Some(1), "{fails_at}");
            });
        }
    }
}

#[test]
fn a_dropped_login_under_a_limit_leaves_the_old_session_or_the_new_one() {
    for polls in 0..16 {
        let (world, adas, _) = crowd();
        let manager = world.stepped_with(|settings| settings.max_sessions_per_user(1));
        let exchange = world.open(Some(&adas[2]));
        let call = exchange.call();
        login(&call.session());
        call.commit();
        let mut closing = Box::pin(manager.close(&exchange));
        let closed = (0..polls).find_map(|_| poll(&mut closing));
        drop(closing);
        let sent = closed.map(|closed| world::value(closed.expect("it is saved").set_cookie().expect("a cookie")));
        assert_eq!(alive(&world, [&adas[2]]), [sent.is_none()], "{polls}");
        assert!(sent.is_none_or(|sent| alive(&world, adas.iter().chain([&sent])) == [false, false, false, true]));
    }
}

#[test]
fn a_store_without_lists_reports_it_as_unsupported() {
    let world = World::new();
    let (cookie, _) = world.issued(None, login);
    let manager = world.unlisted();
    let exchange = ready(manager.open(&world.headers(Some(&cookie)))).expect("the store answers");
    let call = exchange.call();
    assert!(
        matches!(ready(call.session().sessions()), Err(SessionError::Unavailable(error)) if error.is_unsupported())
    );
    ready(call.session().logout_others()).expect("noted");
    call.commit();
    assert!(matches!(ready(manager.close(&exchange)), Err(CloseError::Unlisted(_))));
}
