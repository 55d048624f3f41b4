//! Checks that the list of a user's sessions contains all live sessions and no other.

use std::collections::BTreeSet;

use super::create::DONE;
use super::kit::{COOKIE, Check, HOUR, Kit, Lives, Miss, ensure, id, key, record_of, refused};
use super::write::ODD_USERS;
use crate::key::StoreKey;
use crate::store::{Condition, Created, Destroyed, Expected, Owner, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a user without sessions has an empty list", Box::pin(empty(kit))),
        ("all live sessions of a user are listed unchanged", Box::pin(all(kit))),
        ("a hundred sessions of a user are each listed once", Box::pin(many(kit))),
        ("a list has no session of another user with any id", Box::pin(users(kit))),
        ("a list has no session of another cookie", Box::pin(cookies(kit))),
        ("a session without a user is on no list", Box::pin(visitors(kit))),
        ("an ended session is not listed", Box::pin(ended(kit))),
        ("an expired session is not listed", Box::pin(expired(kit))),
        ("a session that replaces another is listed, and the other is not", Box::pin(replaced(kit))),
        ("a session is listed once after many saves", Box::pin(saved(kit))),
        ("a session stays on the list while reads renew it", Box::pin(read(kit))),
        ("a session stays on the list while touches renew it", Box::pin(touched(kit))),
        ("a session stays on the list while saves renew it", Box::pin(written(kit))),
        ("a session that could not begin is on no list", Box::pin(collided(kit))),
        ("a listed session can be ended by its key", Box::pin(by_key(kit))),
    ]
}

async fn empty(kit: &Kit<'_>) -> Result<(), Miss> {
    lists(kit, &owner(&user()), &[]).await
}

async fn all(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for hours in 1..=3 {
        keys.push(kit.inserted(kit.record_of(&user, hours), u32::try_from(hours).unwrap_or(1) * HOUR).await?);
        lists(kit, &owner(&user), &keys).await?;
    }
    for (key, record) in kit.sessions_of(&owner(&user)).await? {
        let got = kit.found(&key).await?;
        ensure!(record == got.with_expiry(record.expires_at()), "sessions_of and get returned different records");
        let hours = u32::try_from(record.version()).unwrap_or(1);
        kit.expires_in("sessions_of", &record, hours * HOUR)?;
    }
    Ok(())
}

async fn many(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let mut keys = Vec::new();
    for _ in 0..100 {
        keys.push(kit.inserted(kit.record_of(&user, 1), HOUR).await?);
    }
    lists(kit, &owner(&user), &keys).await?;
    for key in keys.drain(..50) {
        kit.end(&key).await?;
    }
    lists(kit, &owner(&user), &keys).await
}

async fn users(kit: &Kit<'_>) -> Result<(), Miss> {
    let unique = user();
    let names = ODD_USERS.iter().flat_map(|odd| [format!("{odd}{unique}"), format!("{unique}{odd}")]);
    let names: BTreeSet<_> = names.chain([format!("{unique}:{unique}"), unique.to_uppercase()]).collect();
    let mut kept = Vec::new();
    for name in names {
        kept.push((kit.inserted(kit.record_of(&name, 1), HOUR).await?, name));
    }
    for (key, name) in kept {
        lists(kit, &owner(&name), &[key]).await?;
    }
    Ok(())
}

async fn cookies(kit: &Kit<'_>) -> Result<(), Miss> {
    let (user, id) = (user(), id());
    let names = [COOKIE, "short", "session2", "__Host-session"];
    let keys = names.map(|name| StoreKey::new(&name.into(), &id));
    for key in &keys {
        kit.insert(key, kit.record_of(&user, 1), HOUR).await?;
    }
    for (name, key) in names.iter().zip(keys) {
        lists(kit, &Owner::new(&(*name).into(), &user), &[key]).await?;
    }
    Ok(())
}

async fn visitors(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for name in ["", "undefined", "null"] {
        let listed = kit.sessions_of(&owner(name)).await?;
        ensure!(
            !listed.iter().any(|(other, _)| *other == key),
            "sessions_of listed a visitor's session for the user {name:?}"
        );
    }
    Ok(())
}

async fn ended(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let (always, by_version, stays) = (of(kit, &user).await?, of(kit, &user).await?, of(kit, &user).await?);
    kit.end(&always).await?;
    let destroyed = kit.destroy(&by_version, Condition::Version(1)).await?;
    ensure!(destroyed == Destroyed::Yes, "destroy of the present version 1: {destroyed:?}");
    lists(kit, &owner(&user), &[stays]).await
}

async fn expired(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    of(kit, &user).await?;
    let long = kit.inserted(kit.record_of(&user, 1), 3 * HOUR).await?;
    kit.advance(HOUR).await;
    lists(kit, &owner(&user), &[long]).await?;
    kit.advance(2 * HOUR).await;
    lists(kit, &owner(&user), &[]).await
}

async fn replaced(kit: &Kit<'_>) -> Result<(), Miss> {
    let (one, other) = (user(), user());
    let mut old = kit.present().await?;
    for _ in 0..3 {
        let new = key(COOKIE);
        let done = kit.replace((&old, Condition::Version(1)), &new, kit.record_of(&one, 1), HOUR).await?;
        ensure!(done == DONE, "create that replaces the present version 1: {done:?}");
        lists(kit, &owner(&one), std::slice::from_ref(&new)).await?;
        let late = kit.replace((&old, Condition::Version(1)), &key(COOKIE), kit.record_of(&one, 1), HOUR).await?;
        ensure!(late == Created::Conflict(None), "create that replaces a session with a new id: {late:?}");
        lists(kit, &owner(&one), std::slice::from_ref(&new)).await?;
        old = new;
    }
    let new = key(COOKIE);
    let done = kit.replace((&old, Condition::Always), &new, kit.record_of(&other, 1), HOUR).await?;
    ensure!(done == DONE, "create that replaces any version: {done:?}");
    lists(kit, &owner(&one), &[]).await?;
    lists(kit, &owner(&other), &[new]).await
}

async fn saved(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let key = of(kit, &user).await?;
    for version in 1..6 {
        save(kit, &key, &user, version).await?;
        ensure!(kit.touch(&key, HOUR).await?, "touch returned false for a live record");
    }
    lists(kit, &owner(&user), &[key]).await
}

async fn read(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let key = of(kit, &user).await?;
    for _ in 0..12 {
        kit.advance(HOUR / 2).await;
        kit.loaded(&key, Lives::USUAL).await?;
        lists(kit, &owner(&user), std::slice::from_ref(&key)).await?;
    }
    kit.ends_in(&key, HOUR).await?;
    lists(kit, &owner(&user), &[]).await
}

async fn touched(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let key = of(kit, &user).await?;
    for _ in 0..12 {
        kit.advance(HOUR / 2).await;
        ensure!(kit.touch(&key, HOUR).await?, "touch returned false for a live record");
        lists(kit, &owner(&user), std::slice::from_ref(&key)).await?;
    }
    ensure!(kit.touch(&key, 50 * HOUR).await?, "touch returned false for a live record");
    kit.advance(49 * HOUR).await;
    lists(kit, &owner(&user), &[key]).await
}

async fn written(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    let key = of(kit, &user).await?;
    for version in 1..12 {
        kit.advance(HOUR / 2).await;
        save(kit, &key, &user, version).await?;
        lists(kit, &owner(&user), std::slice::from_ref(&key)).await?;
    }
    Ok(())
}

async fn collided(kit: &Kit<'_>) -> Result<(), Miss> {
    let (first, second) = (user(), user());
    lists(kit, &owner(&second), &[]).await?;
    let key = of(kit, &first).await?;
    let stored = kit.set(&key, kit.record_of(&second, 1), Expected::Absent, HOUR).await?;
    ensure!(refused(&stored), "a new record under a key that has one: {stored:?}");
    lists(kit, &owner(&second), &[]).await?;
    lists(kit, &owner(&first), &[key]).await
}

async fn by_key(kit: &Kit<'_>) -> Result<(), Miss> {
    let user = user();
    for _ in 0..3 {
        of(kit, &user).await?;
    }
    for (key, record) in kit.sessions_of(&owner(&user)).await? {
        ensure!(
            key.owner(&record) == Some(owner(&user)),
            "sessions_of returned a key of another cookie, or the record of another user"
        );
        kit.found(&key).await?;
        kit.end(&key).await?;
        kit.is_gone(&key, "it was ended").await?;
    }
    lists(kit, &owner(&user), &[]).await
}

/// Returns a session of a user that lives for an hour.
async fn of(kit: &Kit<'_>, user: &str) -> Result<StoreKey, Miss> {
    kit.inserted(kit.record_of(user, 1), HOUR).await
}

async fn save(kit: &Kit<'_>, key: &StoreKey, user: &str, version: u64) -> Result<(), Miss> {
    let record = record_of(user, version + 1, kit.now());
    let stored = kit.set(key, record, Expected::Version(version), HOUR).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    Ok(())
}

/// Checks that the list of a user contains these sessions and no other.
pub(super) async fn lists(kit: &Kit<'_>, owner: &Owner, keys: &[StoreKey]) -> Result<(), Miss> {
    let listed = kit.sessions_of(owner).await?;
    let seen: BTreeSet<_> = listed.iter().map(|(key, _)| key.to_text()).collect();
    let wanted: BTreeSet<_> = keys.iter().map(StoreKey::to_text).collect();
    let (missing, more) = (wanted.difference(&seen).count(), seen.difference(&wanted).count());
    ensure!(missing == 0, "sessions_of {:?} lacks {missing} of {} live sessions", owner.user(), keys.len());
    ensure!(more == 0, "sessions_of {:?} contains {more} sessions that have ended or belong to others", owner.user());
    ensure!(listed.len() == seen.len(), "sessions_of {:?} contains a session more than once", owner.user());
    Ok(())
}

/// Returns a user that no other check uses.
pub(super) fn user() -> String {
    format!("user-{}", key(COOKIE).fingerprint())
}

pub(super) fn owner(user: &str) -> Owner {
    Owner::new(&COOKIE.into(), user)
}
