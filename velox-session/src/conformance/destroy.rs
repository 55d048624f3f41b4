//! Checks that an ended session is gone, and that nothing else is.

use super::kit::{COOKIE, Check, HOUR, Kit, Lives, Miss, ensure, key, refused};
use crate::store::{Condition, Destroyed, Stored};

pub(super) fn checks<'k>(kit: &'k Kit<'_>) -> Vec<Check<'k>> {
    vec![
        ("an ended session is gone for every call", Box::pin(gone(kit))),
        ("a session is ended once", Box::pin(once(kit))),
        ("ending a missing session is not an error", Box::pin(absent(kit))),
        ("without a named version, a session of any version is ended", Box::pin(any_version(kit))),
        ("a session of the named version is ended", Box::pin(named_version(kit))),
        ("a session of another version than named is unchanged", Box::pin(other_version(kit))),
        ("a session can be ended by its version after a touch", Box::pin(touched(kit))),
    ]
}

async fn gone(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.end(&key).await?;
    kit.is_gone(&key, "it was ended").await?;
    ensure!(kit.load(&key, Lives::USUAL).await?.is_none(), "load returned a record after the session was ended");
    ensure!(!kit.touch(&key, HOUR).await?, "touch returned true after the session was ended");
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(refused(&stored), "a save after a destroy: {stored:?}");
    kit.is_gone(&key, "it was ended").await
}

async fn once(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    kit.end(&key).await?;
    for condition in CONDITIONS {
        let again = kit.destroy(&key, condition).await?;
        ensure!(again == Destroyed::Absent, "destroy ({condition:?}) after a destroy: {again:?}");
    }
    Ok(())
}

async fn absent(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = key(COOKIE);
    for condition in CONDITIONS {
        let destroyed = kit.destroy(&key, condition).await?;
        ensure!(destroyed == Destroyed::Absent, "destroy ({condition:?}) of a key without a record: {destroyed:?}");
    }
    Ok(())
}

async fn any_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record("a", 7), HOUR).await?;
    kit.end(&key).await?;
    kit.is_gone(&key, "it was ended").await
}

async fn named_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    let stored = kit.save(&key, "b", 1).await?;
    ensure!(stored == Stored::Yes, "a save that expects the present version: {stored:?}");
    let destroyed = kit.destroy(&key, Condition::Version(2)).await?;
    ensure!(destroyed == Destroyed::Yes, "destroy of the present version 2: {destroyed:?}");
    kit.is_gone(&key, "it was ended").await
}

async fn other_version(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.inserted(kit.record("a", 2), HOUR).await?;
    for version in [0, 1, 3] {
        let destroyed = kit.destroy(&key, Condition::Version(version)).await?;
        ensure!(
            destroyed == Destroyed::Conflict,
            "destroy of version {version} of a record of version 2: {destroyed:?}"
        );
    }
    kit.holds(&key, "a", 2).await?;
    kit.ends_in(&key, HOUR).await
}

async fn touched(kit: &Kit<'_>) -> Result<(), Miss> {
    let key = kit.present().await?;
    ensure!(kit.touch(&key, 2 * HOUR).await?, "touch found no record");
    let destroyed = kit.destroy(&key, Condition::Version(1)).await?;
    ensure!(destroyed == Destroyed::Yes, "destroy of version 1 after a touch: {destroyed:?}");
    kit.is_gone(&key, "it was ended").await
}

const CONDITIONS: [Condition; 3] = [Condition::Always, Condition::Version(0), Condition::Version(1)];
