//! Checks how long a record lives: as long as the last call has set.

use std::time::Duration;

use super::kit::{COOKIE, Check, HOUR, Kit, Lives, MOMENT, Miss, ensure, key, refused};
use crate::store::{Condition, Destroyed, Expected, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a session ends on time and not earlier", Box::pin(ends_on_time(kit))),
        ("a lifetime is exact to the millisecond", Box::pin(to_the_millisecond(kit))),
        ("an expired session is gone for every call", Box::pin(gone(kit))),
        ("an expired session stays gone after any call", Box::pin(stays_gone(kit))),
        ("a session can begin with an id that has expired", Box::pin(begins_again(kit))),
        ("each session has its own lifetime", Box::pin(apart(kit))),
        ("a save renews the lifetime", Box::pin(save_renews(kit))),
        ("a save can shorten the lifetime", Box::pin(save_shortens(kit))),
        ("a touch moves the expiry and nothing else", Box::pin(touch_moves(kit))),
        ("a touch can shorten the lifetime", Box::pin(touch_shortens(kit))),
        ("a touch keeps the version, so that a save succeeds", Box::pin(touch_keeps_version(kit))),
        ("a touch never creates a record", Box::pin(touch_never_creates(kit))),
        ("the last touch counts", Box::pin(last_touch(kit))),
        ("a very long lifetime is kept", Box::pin(longest(kit))),
        ("the shortest lifetime is kept and ends", Box::pin(shortest(kit))),
    ]
}

async fn ends_on_time(kit: &Kit<'_>) -> Result<(), Miss> {
    for ttl in [HOUR, 24 * HOUR] {
        let key = kit.inserted(kit.record("a", 1), ttl).await?;
        kit.expires_in("get", &kit.found(&key).await?, ttl)?;
        kit.ends_in(&key, ttl).await?;
    }
    Ok(())
}

async fn to_the_millisecond(kit: &Kit<'_>) -> Result<(), Miss> {
    for ttl in [HOUR + 7 * MOMENT, HOUR - MOMENT] {
        let key = kit.inserted(kit.record("a", 1), ttl).await?;
        kit.ends_in(&key, ttl).await?;
        let key = kit.present().await?;
        ensure!(kit.touch(&key, ttl).await?, "touch returned false for a live record");
        kit.ends_in(&key, ttl).await?;
    }
    Ok(())
}

async fn gone(kit: &Kit<'_>) -> Result<(), Miss> {
    // Each call is the first one to meet an expired record.
    let keys = [(); 6].map(|()| key(COOKIE));
    for key in &keys {
        kit.insert(key, kit.record("a", 1), HOUR).await?;
    }
    kit.advance(HOUR).await;
    let [got, loaded, touched, saved, ended, ended_by_version] = &keys;
    kit.is_gone(got, "it has expired").await?;
    ensure!(kit.load(loaded, Lives::USUAL).await?.is_none(), "load returned a record after the session had expired");
    ensure!(!kit.touch(touched, HOUR).await?, "touch returned true after the session had expired");
    let stored = kit.save(saved, "b", 1).await?;
    ensure!(refused(&stored), "a save of an expired session: {stored:?}");
    for (key, condition) in [(ended, Condition::Always), (ended_by_version, Condition::Version(1))] {
        let destroyed = kit.destroy(key, condition).await?;
        ensure!(destroyed == Destroyed::Absent, "destroy ({condition:?}) of an expired session: {destroyed:?}");
    }
    Ok(())
}

async fn stays_gone(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.advance(HOUR).await;
    for _ in 0..2 {
        ensure!(!kit.touch(&key, HOUR).await?, "touch returned true after the session had expired");
        ensure!(kit.load(&key, Lives::USUAL).await?.is_none(), "load returned a record after the session had expired");
        let stored = kit.save(&key, "b", 1).await?;
        ensure!(refused(&stored), "a save of an expired session: {stored:?}");
        kit.is_gone(&key, "it has expired").await?;
    }
    Ok(())
}

async fn begins_again(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.advance(HOUR).await;
    kit.insert(&key, kit.record("b", 1), HOUR).await?;
    kit.holds(&key, "b", 1).await?;
    kit.ends_in(&key, HOUR).await
}

async fn apart(kit: &Kit<'_>) -> Result<(), Miss> {
    let lives = [3, 1, 4, 2];
    let mut keys = Vec::new();
    for hours in lives {
        keys.push((kit.inserted(kit.record("a", 1), hours * HOUR).await?, hours));
    }
    for passed in 1..=4 {
        kit.advance(HOUR).await;
        for (key, hours) in &keys {
            let (lives, wanted) = (kit.get(key).await?.is_some(), passed < *hours);
            ensure!(lives == wanted, "get returned a record: {lives}, for a session of {hours} h after {passed} h");
        }
    }
    Ok(())
}

async fn save_renews(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for version in 1..4 {
        kit.advance(HOUR / 2).await;
        let stored = kit.save(&key, "b", version).await?;
        ensure!(stored == Stored::Yes, "a save after half of the lifetime: {stored:?}");
        kit.expires_in("get", &kit.found(&key).await?, HOUR)?;
    }
    kit.ends_in(&key, HOUR).await
}

async fn save_shortens(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record("a", 1), 10 * HOUR).await?;
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    kit.expires_in("get", &kit.found(&key).await?, HOUR)?;
    kit.ends_in(&key, HOUR).await
}

async fn touch_moves(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record_of("u1", 3), HOUR).await?;
    let before = kit.found(&key).await?;
    for ttl in [HOUR, 5 * HOUR, 2 * HOUR] {
        kit.advance(HOUR / 2).await;
        ensure!(kit.touch(&key, ttl).await?, "touch returned false for a live record");
        let after = kit.found(&key).await?;
        kit.expires_in("get after a touch", &after, ttl)?;
        ensure!(after == before.clone().with_expiry(after.expires_at()), "touch changed the data");
    }
    kit.ends_in(&key, 2 * HOUR).await
}

async fn touch_shortens(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record("a", 1), 10 * HOUR).await?;
    ensure!(kit.touch(&key, HOUR).await?, "touch returned false for a live record");
    kit.ends_in(&key, HOUR).await
}

async fn touch_keeps_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    ensure!(kit.touch(&key, 2 * HOUR).await?, "touch returned false for a live record");
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the version from before a touch: {stored:?}");
    kit.holds(&key, "b", 2).await
}

async fn touch_never_creates(kit: &Kit<'_>) -> Result<(), Miss> {
    let (never, ended) = (key(COOKIE), kit.present().await?);
    kit.end(&ended).await?;
    for key in [never, ended] {
        ensure!(!kit.touch(&key, HOUR).await?, "touch returned true for a key without a record");
        kit.is_gone(&key, "only a touch was made").await?;
        let stored = kit.set(&key, kit.record("a", 1), Expected::Absent, HOUR).await?;
        ensure!(stored == Stored::Yes, "a new record after only a touch was made: {stored:?}");
    }
    Ok(())
}

async fn last_touch(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    for ttl in [9 * HOUR, 2 * HOUR, 30 * HOUR, HOUR, 3 * HOUR] {
        ensure!(kit.touch(&key, ttl).await?, "touch returned false for a live record");
    }
    kit.ends_in(&key, 3 * HOUR).await
}

async fn longest(kit: &Kit<'_>) -> Result<(), Miss> {
    // The longest lifetime that can be set, a hundred years, and the longest `Duration`. A store
    // must not fail for them, and the session must live.
    for ttl in [400 * DAY, 36_525 * DAY, Duration::MAX] {
        let key = kit.inserted(kit.record("a", 1), ttl).await?;
        kit.holds(&key, "a", 1).await?;
        let saved = kit.set(&key, kit.record("b", 2), Expected::Version(1), ttl).await?;
        ensure!(saved == Stored::Yes, "a save for {ttl:?}: {saved:?}");
        ensure!(kit.touch(&key, ttl).await?, "touch for {ttl:?} returned false for a live record");
        kit.advance(399 * DAY).await;
        kit.holds(&key, "b", 2).await?;
        let lives = Lives { ttl, absolute: Some(ttl), interval: MOMENT };
        ensure!(kit.loaded(&key, lives).await?.record.version() == 2, "load returned another version");
        kit.end(&key).await?;
    }
    Ok(())
}

async fn shortest(kit: &Kit<'_>) -> Result<(), Miss> {
    let (kept, touched) = (key(COOKIE), kit.present().await?);
    kit.insert(&kept, kit.record("a", 1), MOMENT).await?;
    ensure!(kit.touch(&touched, MOMENT).await?, "touch returned false for a live record");
    kit.advance(MOMENT).await;
    for key in [kept, touched] {
        kit.is_gone(&key, "its millisecond has passed").await?;
    }
    Ok(())
}

const DAY: Duration = Duration::from_secs(86_400);
