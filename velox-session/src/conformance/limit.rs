//! Checks the session limit: a login ends the oldest sessions above it.

use std::time::Duration;

use super::create::DONE;
use super::kit::{COOKIE, Check, HOUR, Kit, Miss, ROUNDS, TASKS, ensure, key, record_of};
use super::list::{lists, owner, user};
use crate::key::StoreKey;
use crate::store::{Condition, Created, Destroyed, Login, NewSession};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a login over the limit ends the oldest session", Box::pin(oldest(kit))),
        ("a login ends all sessions over a lowered limit", Box::pin(lowered(kit))),
        ("a login over the limit never ends itself", Box::pin(itself(kit))),
        ("ended sessions do not count towards the limit", Box::pin(ended(kit))),
        ("the session that a login replaces does not count towards the limit", Box::pin(replaced(kit))),
        ("sessions of other users do not count towards the limit", Box::pin(others(kit))),
        ("a new id without a login never ends other sessions", Box::pin(without_login(kit))),
        ("concurrent logins stay within the limit", Box::pin(at_once(kit))),
    ]
}

async fn oldest(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    // The sessions are not stored in the order of their age.
    let mut alive = Vec::new();
    for age in [30, 50, 20, 40] {
        let key = key(COOKIE);
        kit.insert(&key, kit.record_at(&user, kit.now() - age), HOUR).await?;
        alive.push((age, key));
    }
    alive.sort_by_key(|(age, _)| *age);
    for _ in 0..3 {
        let new = key(COOKIE);
        let done = log_in(kit, &new, (&user, kit.now() - 10), None, 4).await?;
        ensure!(done == Created::Yes { ended: 1 }, "a login at the limit: {done:?}");
        let (_, oldest) = alive.pop().unwrap_or((0, key(COOKIE)));
        kit.is_gone(&oldest, "it was the oldest session above the limit").await?;
        alive.insert(0, (10, new));
        let keys: Vec<_> = alive.iter().map(|(_, key)| key.clone()).collect();
        lists(kit, &owner(&user), &keys).await?;
    }
    Ok(())
}

async fn lowered(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for age in (1..=9).rev() {
        keys.push(of(kit, COOKIE, &user, age).await?);
    }
    let new = key(COOKIE);
    let done = log_in(kit, &new, (&user, kit.now()), None, 3).await?;
    ensure!(done == Created::Yes { ended: 7 }, "a login of a user with nine sessions and a limit of three: {done:?}");
    lists(kit, &owner(&user), &[keys.remove(7), keys.remove(7), new]).await
}

async fn itself(kit: &Kit<'_>) -> Result<(), Miss> {
    for limit in [1, 2] {
        let user = user();
        for _ in 0..limit {
            of(kit, COOKIE, &user, 0).await?;
        }
        // The server of this login has a clock that is behind.
        let new = key(COOKIE);
        let done = log_in(kit, &new, (&user, kit.now() - 60_000), None, limit).await?;
        ensure!(done == Created::Yes { ended: 1 }, "a login at the limit: {done:?}");
        kit.found(&new).await?;
        let alive = kit.sessions_of(&owner(&user)).await?.len();
        ensure!(alive == limit, "sessions_of listed {alive} sessions with a limit of {limit}");
    }
    Ok(())
}

async fn ended(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for age in [30, 20, 10] {
        keys.push(of(kit, COOKIE, &user, age).await?);
    }
    // One is ended by a logout, one by its version.
    kit.end(&keys.pop().unwrap_or_else(|| key(COOKIE))).await?;
    let done = kit.destroy(&keys.remove(0), Condition::Version(1)).await?;
    ensure!(done == Destroyed::Yes, "destroy of the present version 1: {done:?}");
    for _ in 0..2 {
        let new = key(COOKIE);
        let done = log_in(kit, &new, (&user, kit.now()), None, 3).await?;
        ensure!(done == DONE, "a login below the limit: {done:?}");
        keys.push(new);
        lists(kit, &owner(&user), &keys).await?;
    }
    Ok(())
}

async fn replaced(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let (mut own, other) = (of(kit, COOKIE, &user, 10).await?, of(kit, COOKIE, &user, 20).await?);
    for condition in [Condition::Version(1), Condition::Always] {
        let new = key(COOKIE);
        let done = log_in(kit, &new, (&user, kit.now()), Some((&own, condition)), 2).await?;
        ensure!(done == DONE, "a login that replaces the user's own session at the limit: {done:?}");
        lists(kit, &owner(&user), &[new.clone(), other.clone()]).await?;
        own = new;
    }
    Ok(())
}

async fn others(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, other) = (user(), user());
    let own = of(kit, COOKIE, &user, 10).await?;
    let theirs = [of(kit, COOKIE, &other, 20).await?, of(kit, "short", &user, 20).await?, kit.present().await?];
    let new = key(COOKIE);
    let done = log_in(kit, &new, (&user, kit.now()), None, 2).await?;
    ensure!(done == DONE, "a login below the limit: {done:?}");
    lists(kit, &owner(&user), &[own, new]).await?;
    for key in &theirs {
        kit.found(key).await?;
    }
    Ok(())
}

async fn without_login(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(of(kit, COOKIE, &user, 10).await?);
    }
    let done = log_in(kit, &key(COOKIE), (&user, kit.now()), None, 100).await?;
    ensure!(done == DONE, "a login below the limit: {done:?}");
    let new = key(COOKIE);
    let done = kit.replace((&keys[0], Condition::Version(1)), &new, kit.record_of(&user, 1), HOUR).await?;
    ensure!(done == DONE, "create without a login: {done:?}");
    for key in [&keys[1], &keys[2], &new] {
        kit.found(key).await?;
    }
    Ok(())
}

async fn at_once(kit: &Kit<'_>) -> Result<(), Miss> {
    // The store may also say that it supports no limit.
    let _ = log_in(kit, &key(COOKIE), (&user(), kit.now()), None, LIMIT).await?;
    for _ in 0..ROUNDS / 2 {
        let (user, now) = (user(), kit.now());
        let mut old = Vec::new();
        for age in 1..=3 {
            old.push(of(kit, COOKIE, &user, age * 1_000).await?);
        }
        let done = kit.at_once(TASKS, |_, store| {
            let record = record_of(&user, 1, now);
            async move {
                let key = key(COOKIE);
                let new = NewSession { login: Some(limited(LIMIT)), ..NewSession::new(&key, record, HOUR) };
                Ok((store.create(new).await?, key))
            }
        });
        let done = done.await?;
        let listed = kit.sessions_of(&owner(&user)).await?;
        ensure!(
            listed.len() == LIMIT,
            "sessions_of listed {} sessions after concurrent logins with a limit of {LIMIT}",
            listed.len()
        );
        for key in &old {
            kit.is_gone(key, "the limit was reached by newer sessions").await?;
        }
        let mut ended = 0;
        for (created, key) in &done {
            let Created::Yes { ended: others } = created else {
                return Err(Miss::Broken(format!("a login at the limit: {created:?}")));
            };
            ended += others;
            let (lives, is_listed) = (kit.get(key).await?.is_some(), listed.iter().any(|(other, _)| other == key));
            ensure!(lives == is_listed, "get returned a record: {lives}, but the session is listed: {is_listed}");
        }
        let wanted = (old.len() + TASKS - LIMIT) as u64;
        ensure!(ended == wanted, "concurrent logins reported {ended} ended sessions, but {wanted} have ended");
    }
    Ok(())
}

async fn log_in(
    kit: &Kit<'_>,
    key: &StoreKey,
    (user, created_at): (&str, u64),
    replaces: Option<(&StoreKey, Condition)>,
    limit: usize,
) -> Result<Created, Miss> {
    let record = kit.record_at(user, created_at);
    kit.begin(NewSession { replaces, login: Some(limited(limit)), ..NewSession::new(key, record, HOUR) }).await
}

fn limited(limit: usize) -> Login {
    Login { since: Duration::ZERO, limit: Some(limit), strict: true }
}

/// Returns a session of a user that was created this many milliseconds ago and lives for an hour.
async fn of(kit: &Kit<'_>, cookie: &str, user: &str, age: u64) -> Result<StoreKey, Miss> {
    let key = key(cookie);
    kit.insert(&key, kit.record_at(user, kit.now() - age), HOUR).await?;
    Ok(key)
}

const LIMIT: usize = 3;
