//! Checks sessions under a new id: the session begins, replaces another one, or nothing changes.

use super::kit::{COOKIE, Check, HOUR, Kit, Lives, Miss, ROUNDS, TASKS, Work, ensure, key, record, refused};
use super::race::only;
use crate::key::StoreKey;
use crate::store::{Condition, Created, Expected, NewSession, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("a new session is stored unchanged", Box::pin(begins(kit))),
        ("a session with a new id is stored unchanged, and the old one is gone", Box::pin(replaces(kit))),
        ("without a named version, a new session replaces any version of the old one", Box::pin(any(kit))),
        ("a session of another version than named gets no new id and is unchanged", Box::pin(other(kit))),
        ("with a named version, a session that is gone gets no new id", Box::pin(gone(kit))),
        ("a refused new id returns the stored record", Box::pin(hands_back(kit))),
        ("a session with a new id never replaces another session", Box::pin(taken(kit))),
        ("for one version, a session is either saved or gets a new id", Box::pin(saved_or_replaced(kit))),
        ("only one of many concurrent requests gives a session a new id", Box::pin(one_new_id(kit))),
    ]
}

async fn begins(kit: &Kit<'_>) -> Result<(), Miss> {
    for record in [kit.record("a", 1), kit.record_of("u1", 1)] {
        let key = key(COOKIE);
        let created = kit.create(NewSession::new(&key, record.clone(), HOUR)).await?;
        ensure!(created == DONE, "create under a new key: {created:?}");
        let found = kit.found(&key).await?;
        ensure!(found == record.with_expiry(found.expires_at()), "get returned another record than was stored");
        kit.ends_in(&key, HOUR).await?;
    }
    Ok(())
}

async fn replaces(kit: &Kit<'_>) -> Result<(), Miss> {
    let (old, new) = (kit.inserted(kit.record("a", 7), HOUR).await?, key(COOKIE));
    let record = kit.record("b", 1);
    let done = kit.replace((&old, Condition::Version(7)), &new, record.clone(), 2 * HOUR).await?;
    ensure!(done == DONE, "create that replaces the present version 7: {done:?}");
    kit.is_gone(&old, "it got a new id").await?;
    ensure!(kit.load(&old, Lives::USUAL).await?.is_none(), "load returned a record after the session got a new id");
    let stored = kit.save(&old, "late", 7).await?;
    ensure!(refused(&stored), "a save of a session that got a new id: {stored:?}");
    let found = kit.found(&new).await?;
    ensure!(
        found == record.with_expiry(found.expires_at()),
        "get returned another record than was stored under the new id"
    );
    kit.expires_in("get", &found, 2 * HOUR)?;
    let stored = kit.save(&new, "c", 1).await?;
    ensure!(stored == Stored::Yes, "a save under the new id: {stored:?}");
    kit.ends_in(&new, HOUR).await
}

async fn any(kit: &Kit<'_>) -> Result<(), Miss> {
    let ended = kit.present().await?;
    kit.end(&ended).await?;
    for old in [kit.inserted(kit.record("a", 7), HOUR).await?, ended] {
        let new = key(COOKIE);
        let done = kit.replace((&old, Condition::Always), &new, kit.record("b", 1), HOUR).await?;
        ensure!(done == DONE, "create that replaces any version: {done:?}");
        kit.is_gone(&old, "it got a new id").await?;
        kit.holds(&new, "b", 1).await?;
    }
    Ok(())
}

async fn other(kit: &Kit<'_>) -> Result<(), Miss> {
    let (old, new) = (kit.inserted(kit.record("a", 2), HOUR).await?, key(COOKIE));
    for version in [0, 1, 3] {
        conflicts(kit, (&old, version), &new, "of version 2").await?;
        kit.holds(&old, "a", 2).await?;
    }
    kit.ends_in(&old, HOUR).await
}

async fn gone(kit: &Kit<'_>) -> Result<(), Miss> {
    let (old, new) = (kit.present().await?, key(COOKIE));
    kit.end(&old).await?;
    for version in [0, 1] {
        conflicts(kit, (&old, version), &new, "that was ended").await?;
        kit.is_gone(&old, "it was ended").await?;
    }
    Ok(())
}

async fn conflicts(kit: &Kit<'_>, (old, version): (&StoreKey, u64), new: &StoreKey, of: &str) -> Result<(), Miss> {
    let done = kit.replace((old, Condition::Version(version)), new, kit.record("b", 1), 2 * HOUR).await?;
    ensure!(matches!(done, Created::Conflict(_)), "create that replaces version {version} of a record {of}: {done:?}");
    kit.is_gone(new, "it should not have been stored").await
}

async fn hands_back(kit: &Kit<'_>) -> Result<(), Miss> {
    let (old, ended) = (kit.inserted(kit.record_of("u1", 2), HOUR).await?, kit.present().await?);
    kit.end(&ended).await?;
    ensure!(kit.touch(&old, 3 * HOUR).await?, "touch returned false for a live record");
    for version in [1, 3] {
        let done = kit.replace((&old, Condition::Version(version)), &key(COOKIE), kit.record("b", 1), HOUR).await?;
        let Created::Conflict(present) = done else {
            return Err(Miss::Broken(format!(
                "create that replaces version {version} of a record of version 2: {done:?}"
            )));
        };
        kit.handed_back("create", Stored::Conflict(present), &old, 3 * HOUR).await?;
        let done = kit.replace((&ended, Condition::Version(version)), &key(COOKIE), kit.record("b", 1), HOUR).await?;
        ensure!(done == Created::Conflict(None), "create that replaces an ended session: {done:?}");
    }
    Ok(())
}

async fn taken(kit: &Kit<'_>) -> Result<(), Miss> {
    let (old, new) = (kit.present().await?, kit.inserted(kit.record("theirs", 3), HOUR).await?);
    let done = kit.create(NewSession::new(&new, kit.record("b", 1), 2 * HOUR)).await?;
    ensure!(done == Created::Taken, "create under a key that has a record: {done:?}");
    for condition in [Condition::Version(1), Condition::Always] {
        let done = kit.replace((&old, condition), &new, kit.record("b", 1), 2 * HOUR).await?;
        ensure!(done == Created::Taken, "create ({condition:?}) under a key that has a record: {done:?}");
        kit.holds(&old, "a", 1).await?;
        kit.holds(&new, "theirs", 3).await?;
    }
    kit.ends_in(&new, HOUR).await
}

async fn saved_or_replaced(kit: &Kit<'_>) -> Result<(), Miss> {
    for round in 0..ROUNDS {
        // Either one may come first, and be slower.
        let saver = round % 2;
        let (old, new, now) = (kit.present().await?, key(COOKIE), kit.now());
        let done = kit.at_once(2, |index, store| {
            let (old, new) = (old.clone(), new.clone());
            let task: Work<bool> = if index == saver {
                Box::pin(async move {
                    Ok(store.set(&old, record("b", 2, now), Expected::Version(1), HOUR).await? == Stored::Yes)
                })
            } else {
                Box::pin(async move {
                    let replaces = Some((&old, Condition::Version(1)));
                    let new = NewSession { replaces, ..NewSession::new(&new, record("c", 1, now), HOUR) };
                    Ok(store.create(new).await? == DONE)
                })
            };
            task
        });
        let done = done.await?;
        only(done.clone(), true, "of a save and a new id on one version succeeded")?;
        if done[saver] {
            kit.holds(&old, "b", 2).await?;
            kit.is_gone(&new, "a save came first").await?;
        } else {
            kit.is_gone(&old, "it got a new id").await?;
            kit.holds(&new, "c", 1).await?;
        }
    }
    Ok(())
}

async fn one_new_id(kit: &Kit<'_>) -> Result<(), Miss> {
    for _ in 0..ROUNDS {
        let (old, now) = (kit.present().await?, kit.now());
        let keys: Vec<_> = (0..TASKS).map(|_| key(COOKIE)).collect();
        let done = kit.at_once(TASKS, |index, store| {
            let (old, new) = (old.clone(), keys[index].clone());
            async move {
                let replaces = Some((&old, Condition::Version(1)));
                store.create(NewSession { replaces, ..NewSession::new(&new, record("b", 1, now), HOUR) }).await
            }
        });
        let winner = only(done.await?, DONE, "requests that give one session a new id report success")?;
        kit.is_gone(&old, "it got a new id").await?;
        for (index, key) in keys.iter().enumerate() {
            if index == winner {
                kit.holds(key, "b", 1).await?;
            } else {
                kit.is_gone(key, "another request gave the session its new id").await?;
            }
        }
    }
    Ok(())
}

/// The result for a new session that ended no other.
pub(super) const DONE: Created = Created::Yes { ended: 0 };
