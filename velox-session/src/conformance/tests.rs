//! Tests the suite with a correct store, and with stores that have one fault each.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::threads::pause;
use super::*;
use crate::clock::{Clock, ManualClock};
use crate::key::StoreKey;
use crate::record::{Content, Record};
use crate::store::{
    Condition, Created, Destroyed, Expected, Found, Login, MemoryStore, NewSession, Owner, Renewal, SessionStore,
    StoreError, Stored, async_trait,
};

fn memory() -> (MemoryStore, ManualClock) {
    let clock = ManualClock::at(1_700_000_000_000);
    (MemoryStore::new().with_clock(clock.clone()), clock)
}

#[tokio::test]
async fn the_memory_store_keeps_every_promise() {
    for in_threads in [false, true] {
        let (store, clock) = memory();
        let harness = ManualHarness::new(store, clock);
        let harness = if in_threads { harness.in_threads() } else { harness };
        let report = check(&harness).await;
        report.assert();
        assert!(report.kept().count() >= 40 && report.not_offered().count() == 0, "{report}");
    }
}

#[tokio::test]
async fn promise_names_are_unique() {
    let (store, clock) = memory();
    let report = check(&ManualHarness::new(store, clock)).await;
    let different: std::collections::BTreeSet<_> = report.kept().collect();
    assert_eq!(different.len(), report.kept().count());
}

#[tokio::test]
async fn promises_that_a_store_does_not_make_cannot_be_broken() {
    let (store, clock) = memory();
    let report = check(&ManualHarness::new(FourMethods(store), clock)).await;
    report.assert();
    assert_eq!(report.not_offered().count(), 44, "{report}");
    assert!(report.to_string().contains("\n  not offered: an ended session is not listed"), "{report}");
    assert!(report.not_offered().any(|promise| promise == "a login over the limit ends the oldest session"));
}

#[tokio::test]
async fn a_store_that_lists_sessions_can_use_the_default_create_which_compares_no_mark() {
    let (store, clock) = memory();
    let report = check(&ManualHarness::new(Listing(store), clock)).await;
    let because_of_marks = |seen: &str| seen.contains("a login that began before") || seen.contains("login had begun");
    assert_eq!(report.broken().filter(|(_, seen)| !because_of_marks(seen)).collect::<Vec<_>>(), []);
}

#[tokio::test]
async fn a_store_that_panics_breaks_a_promise() {
    let report = report_of(Fault::Panics).await;
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.contains(&("an ended session is not listed", "the store panicked")), "{report}");
}

#[tokio::test]
#[should_panic(expected = "broken: a session of another version than named is unchanged\n    destroy of version 0")]
async fn the_panic_message_names_the_broken_promises() {
    report_of(Fault::EndsAnyVersion).await.assert();
}

/// A check that finds no fault would be useless.
#[tokio::test]
async fn each_fault_is_found() {
    let faults = [
        (Fault::LooksAtTheFirst, "checking many sessions reports each one and renews none"),
        (Fault::LosesFlash, "a record keeps its flash messages"),
        (Fault::CountsTo32Bits, "versions up to 2^53 are exact"),
        (Fault::TornSave, "no concurrent save is lost"),
        (Fault::TornSave, "a session that ends during saves stays ended"),
        (Fault::TornTouch, "a touch never undoes a save"),
        (Fault::TornTouch, "a session that ends during touches stays ended"),
        (Fault::TouchCreates, "a touch never creates a record"),
        (Fault::TouchOnlyLengthens, "a touch can shorten the lifetime"),
        (Fault::WholeMinutes, "a lifetime is exact to the millisecond"),
        (Fault::EndsAnyVersion, "a session of another version than named is unchanged"),
        (Fault::EndsAnyVersion, "for one version, a session is either saved or ended"),
        (Fault::EndsAnyVersion, "a session of another version than named gets no new id and is unchanged"),
        (Fault::SaveForgetsTheRecord, "a refused save returns the stored record"),
        (Fault::SaveGivesAnOldExpiry, "a refused save returns the stored record"),
        (Fault::SaveInventsARecord, "a refused save returns no record if none is stored"),
        (Fault::BeginsForAMinute, "a new session is stored unchanged"),
        (Fault::TornCreate, "for one version, a session is either saved or gets a new id"),
        (Fault::CreateKeepsTheOld, "a session with a new id is stored unchanged, and the old one is gone"),
        (Fault::CreateKeepsTheNew, "with a named version, a session that is gone gets no new id"),
        (Fault::CreateKeepsTheNew, "only one of many concurrent requests gives a session a new id"),
        (Fault::CreateForgetsTheRecord, "a refused new id returns the stored record"),
        (Fault::CreateReplaces, "a session with a new id never replaces another session"),
        (Fault::CreateNeedsTheOld, "without a named version, a new session replaces any version of the old one"),
        (Fault::EndsAllCookies, "all sessions of a user end, and no others"),
        (Fault::EndsTheKept, "all sessions of a user end except the one to keep"),
        (Fault::EndsForTheGone, "if the session to keep is gone, no session ends"),
        (Fault::EndsByKept, "a session to keep that belongs to another user protects nothing"),
        (Fault::EndsAHundred, "hundreds of sessions of a user can end in one call"),
        (Fault::CountsAllListed, "if a user has no live sessions, no session ends"),
        (Fault::NoMark, "a login that began before all sessions ended is refused and stores nothing"),
        (Fault::NoMark, "logins that began before all sessions ended are refused or ended"),
        (Fault::RefusedLoginStays, "a login that began before all sessions ended is refused and stores nothing"),
        (Fault::MarkStopsAll, "a login that began after all sessions ended is accepted"),
        (Fault::MarkNeedsSessions, "a login that began before is refused even if there was no session to end"),
        (Fault::MarkOfAllUsers, "ending a user's sessions affects neither logins of others nor new ids"),
        (Fault::MarkStopsNewIds, "ending a user's sessions affects neither logins of others nor new ids"),
        (Fault::MarkForFiveMinutes, "a login that began before is refused for ten minutes"),
        (Fault::MarkForTenMinutes, "a login that began before is refused as long as a session lives"),
        (Fault::OthersStay, "a new session can end all others of its user"),
        (Fault::OthersEndWithoutMark, "a new session can end all others of its user"),
        (Fault::OthersEndFirst, "a session that cannot begin ends no others"),
        (Fault::TornSave, "sessions that all end during saves stay ended"),
        (Fault::TornTouch, "sessions that all end during renewals stay ended"),
        (Fault::TornEnd, "sessions that all end during changes of id stay ended"),
        (Fault::NoLimit, "a login over the limit ends the oldest session"),
        (Fault::EndsTheNewest, "a login over the limit ends the oldest session"),
        (Fault::EndsOneAtATime, "a login ends all sessions over a lowered limit"),
        (Fault::EndsItself, "a login over the limit never ends itself"),
        (Fault::LimitCountsTheEnded, "ended sessions do not count towards the limit"),
        (Fault::LimitCountsTheReplaced, "the session that a login replaces does not count towards the limit"),
        (Fault::EndsAllCookies, "sessions of other users do not count towards the limit"),
        (Fault::LimitsNewIds, "a new id without a login never ends other sessions"),
        (Fault::TornLimit, "concurrent logins stay within the limit"),
        (Fault::RenewsAlways, "a load renews a lifetime once an interval"),
        (Fault::RenewsNever, "a session stays alive while it is read"),
        (Fault::RenewsForEver, "a load never exceeds the absolute timeout"),
        (Fault::ListsEnded, "an ended session is not listed"),
        (Fault::ListsEnded, "an expired session is not listed"),
        (Fault::ListsEnded, "a session that replaces another is listed, and the other is not"),
        (Fault::ListsByPrefix, "a list has no session of another user with any id"),
        (Fault::ListsAllCookies, "a list has no session of another cookie"),
        (Fault::ListsAFew, "a hundred sessions of a user are each listed once"),
        (Fault::ListsForAnHour, "a session stays on the list while reads renew it"),
        (Fault::ListsForAnHour, "a session stays on the list while touches renew it"),
    ];
    for (fault, promise) in faults {
        let report = report_of(fault).await;
        assert!(
            report.broken().any(|(broken, _)| broken == promise),
            "{fault:?} is not found by {promise:?}: {report}"
        );
    }
}

async fn report_of(fault: Fault) -> Report {
    let (inner, clock) = memory();
    let faulty = Faulty { inner, clock: clock.clone(), fault, ever: Mutex::default(), marks: Mutex::default() };
    check(&ManualHarness::new(faulty, clock)).await
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Panics,
    LooksAtTheFirst,
    LosesFlash,
    CountsTo32Bits,
    TornSave,
    TornTouch,
    TouchCreates,
    TouchOnlyLengthens,
    WholeMinutes,
    EndsAnyVersion,
    SaveForgetsTheRecord,
    SaveGivesAnOldExpiry,
    SaveInventsARecord,
    BeginsForAMinute,
    TornCreate,
    CreateKeepsTheOld,
    CreateKeepsTheNew,
    CreateForgetsTheRecord,
    CreateReplaces,
    CreateNeedsTheOld,
    EndsAllCookies,
    EndsTheKept,
    EndsForTheGone,
    EndsByKept,
    EndsAHundred,
    CountsAllListed,
    NoMark,
    RefusedLoginStays,
    MarkStopsAll,
    MarkNeedsSessions,
    MarkOfAllUsers,
    MarkStopsNewIds,
    MarkForFiveMinutes,
    MarkForTenMinutes,
    OthersStay,
    OthersEndWithoutMark,
    OthersEndFirst,
    TornEnd,
    NoLimit,
    EndsTheNewest,
    EndsOneAtATime,
    EndsItself,
    LimitCountsTheEnded,
    LimitCountsTheReplaced,
    LimitsNewIds,
    TornLimit,
    RenewsAlways,
    RenewsNever,
    RenewsForEver,
    ListsEnded,
    ListsByPrefix,
    ListsAllCookies,
    ListsAFew,
    ListsForAnHour,
}

/// A store with one fault.
struct Faulty {
    inner: MemoryStore,
    clock: ManualClock,
    fault: Fault,
    /// All records that were ever stored, and how long a list that is never renewed contains them.
    ever: Mutex<Vec<(StoreKey, Record, u64)>>,
    /// The users whose sessions were ended, and when.
    marks: Mutex<Vec<(Owner, u64)>>,
}

impl Faulty {
    /// Writes a record without a condition.
    async fn force(&self, key: &StoreKey, record: Record, ttl: Duration) -> Result<(), StoreError> {
        let _ = self.inner.destroy(key, Condition::Always).await?;
        let _ = self.inner.set(key, record, Expected::Absent, ttl).await?;
        Ok(())
    }

    fn keep(&self, key: &StoreKey, record: &Record) {
        let until = self.clock.now() + 4_500_000;
        self.ever.lock().expect("no check panics here").push((key.clone(), record.clone(), until));
    }

    /// Returns the record that a save or a new id conflicts with, as this store returns it.
    fn handed_back(&self, present: Option<Record>, forgets: Fault) -> Option<Record> {
        match self.fault {
            fault if fault == forgets => None,
            Fault::SaveGivesAnOldExpiry => present.map(|record| record.with_expiry(self.clock.now() + 1)),
            Fault::SaveInventsARecord => present.or_else(|| Some(super::record("", 0, 0))),
            _ => present,
        }
    }

    fn mark(&self, owner: &Owner) {
        self.marks.lock().expect("no check panics here").push((owner.clone(), self.clock.now()));
    }

    fn is_revoked(&self, owner: &Owner, login: Option<Login>) -> bool {
        let (now, marks) = (self.clock.now(), self.marks.lock().expect("no check panics here"));
        let of = |other: &Owner| other == owner || self.fault == Fault::MarkOfAllUsers;
        let mark = marks.iter().rev().find(|(other, _)| of(other)).map(|(_, at)| *at);
        let minutes = match self.fault {
            Fault::NoMark => 0,
            Fault::MarkForFiveMinutes => 5,
            Fault::MarkForTenMinutes => 10,
            _ => u64::MAX / 60_000,
        };
        let since = match (self.fault, login) {
            (Fault::MarkStopsAll, Some(_)) | (Fault::MarkStopsNewIds, None) => 1,
            (_, Some(login)) => login.since.as_millis() as u64,
            (_, None) => return false,
        };
        mark.is_some_and(|at| at > now - since && now - at < 60_000 * minutes)
    }

    /// Ends the sessions of a user above a limit.
    async fn end_over(&self, owner: Option<&Owner>, new: &StoreKey, limit: usize) -> Result<u64, StoreError> {
        let Some(owner) = owner else { return Ok(0) };
        let mut others = self.inner.sessions_of(owner).await?;
        if self.fault == Fault::EndsAllCookies {
            others = self.of_all_cookies(owner);
        }
        let mut leave = limit;
        if self.fault != Fault::EndsItself {
            others.retain(|(key, _)| key != new);
            leave -= 1;
        }
        others.sort_by_key(|(_, record)| record.created_at());
        let mut most = usize::MAX;
        match self.fault {
            Fault::NoLimit => most = 0,
            Fault::EndsTheNewest => others.reverse(),
            Fault::EndsOneAtATime => most = 1,
            Fault::LimitCountsTheEnded => {
                let ever = self.listed(|key, record, _| key.owner(record).as_ref() == Some(owner)).len();
                leave = leave.saturating_sub(ever - others.len() - 1);
            }
            _ => {}
        }
        let mut ended = 0;
        for (key, _) in &others[..others.len().saturating_sub(leave).min(most)] {
            ended += u64::from(self.inner.destroy(key, Condition::Always).await? == Destroyed::Yes);
        }
        Ok(ended)
    }

    fn of_all_cookies(&self, owner: &Owner) -> Vec<(StoreKey, Record)> {
        self.listed(|key, record, _| key.owner(record).is_some_and(|other| other.user() == owner.user()))
    }

    fn listed(&self, is_listed: impl Fn(&StoreKey, &Record, u64) -> bool) -> Vec<(StoreKey, Record)> {
        let ever = self.ever.lock().expect("no check panics here");
        let listed = ever.iter().filter(|(key, record, until)| is_listed(key, record, *until));
        listed.map(|(key, record, _)| (key.clone(), record.clone())).collect()
    }
}

#[async_trait]
impl SessionStore for Faulty {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        if expected == Expected::Absent {
            self.keep(key, &record);
        }
        match (self.fault, expected) {
            (Fault::LosesFlash, _) => {
                let mut content = Content::clone(record.content());
                content.flash = Default::default();
                let (version, now) = (record.version(), record.created_at());
                self.inner.set(key, Record::new(Arc::new(content), version, now, now), expected, ttl).await
            }
            (Fault::CountsTo32Bits, Expected::Version(wanted)) => {
                let present = self.inner.get(key).await?.map(|record| record.version());
                match present {
                    Some(present) if present as u32 == wanted as u32 => {
                        self.inner.set(key, record, Expected::Version(present), ttl).await
                    }
                    _ => Ok(Stored::Conflict(self.inner.get(key).await?)),
                }
            }
            (Fault::TornSave, Expected::Version(wanted)) => {
                let present = self.inner.get(key).await?.map(|record| record.version());
                if present != Some(wanted) {
                    return Ok(Stored::Conflict(self.inner.get(key).await?));
                }
                pause().await;
                self.force(key, record, ttl).await?;
                Ok(Stored::Yes)
            }
            (Fault::WholeMinutes, _) => {
                let minutes = ttl.as_secs().div_ceil(60).min(u64::MAX / 60);
                self.inner.set(key, record, expected, Duration::from_secs(60 * minutes)).await
            }
            _ => Ok(match self.inner.set(key, record, expected, ttl).await? {
                Stored::Conflict(present) => Stored::Conflict(self.handed_back(present, Fault::SaveForgetsTheRecord)),
                stored => stored,
            }),
        }
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let condition = if self.fault == Fault::EndsAnyVersion { Condition::Always } else { condition };
        self.inner.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let present = self.inner.get(key).await?;
        match (self.fault, present) {
            (Fault::TornTouch, Some(record)) => {
                pause().await;
                self.force(key, record, ttl).await?;
                Ok(true)
            }
            (Fault::TouchCreates, None) => {
                self.force(key, super::record("", 0, 0), ttl).await?;
                Ok(true)
            }
            (Fault::TouchOnlyLengthens, Some(record)) => {
                let left = record.expires_at().saturating_sub(self.clock.now());
                self.inner.touch(key, ttl.max(Duration::from_millis(left))).await
            }
            _ => self.inner.touch(key, ttl).await,
        }
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Some(record) = self.inner.get(key).await? else { return Ok(None) };
        let ttl = match self.fault {
            Fault::RenewsAlways => Some(Duration::from_millis(renewal.ttl())),
            Fault::RenewsNever => None,
            Fault::RenewsForEver => renewal.of(&record).map(|_| Duration::from_millis(renewal.ttl())),
            _ => return self.inner.load(key, renewal).await,
        };
        let Some(ttl) = ttl else { return Ok(Some(Found { record, renewed: false })) };
        self.inner.touch(key, ttl).await?;
        let record = self.inner.get(key).await?;
        Ok(record.map(|record| Found { record, renewed: true }))
    }

    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        let live = self.inner.are_live(keys).await?;
        let first = live.first().copied().filter(|_| self.fault == Fault::LooksAtTheFirst);
        Ok(first.map_or(live, |first| vec![first; keys.len()]))
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        let NewSession { key, record, mut ttl, replaces, login, ends_others } = new;
        let owner = key.owner(&record);
        let mut ended = 0;
        match self.fault {
            Fault::TornLimit => {
                if let Some(limit) = login.and_then(|login| login.limit) {
                    ended += self.end_over(owner.as_ref(), key, limit).await?;
                    pause().await;
                }
            }
            Fault::CreateReplaces => _ = self.inner.destroy(key, Condition::Always).await?,
            Fault::BeginsForAMinute => ttl = Duration::from_secs(60),
            Fault::OthersEndFirst if ends_others => _ = self.end_over(owner.as_ref(), key, 1).await?,
            _ => {}
        }
        if self.inner.get(key).await?.is_some() {
            return Ok(Created::Taken);
        }
        if let Some((old, condition)) = replaces {
            let present = self.inner.get(old).await?;
            let holds = match condition {
                Condition::Always => self.fault != Fault::CreateNeedsTheOld || present.is_some(),
                Condition::Version(_) if self.fault == Fault::EndsAnyVersion => true,
                Condition::Version(version) => present.as_ref().map(Record::version) == Some(version),
            };
            if !holds {
                if self.fault == Fault::CreateKeepsTheNew {
                    let _ = self.set(key, record, Expected::Absent, ttl).await?;
                }
                return Ok(Created::Conflict(self.handed_back(present, Fault::CreateForgetsTheRecord)));
            }
            if self.fault == Fault::TornCreate {
                pause().await;
            }
        }
        if owner.as_ref().is_some_and(|owner| self.is_revoked(owner, login)) {
            if self.fault == Fault::RefusedLoginStays {
                let _ = self.set(key, record, Expected::Absent, ttl).await?;
            }
            return Ok(Created::Revoked);
        }
        let _ = self.set(key, record, Expected::Absent, ttl).await?;
        let count_replaced = self.fault == Fault::LimitCountsTheReplaced;
        let limit = match login.and_then(|login| login.limit) {
            _ if ends_others && self.fault != Fault::OthersStay => {
                if let (Some(owner), false) = (&owner, self.fault == Fault::OthersEndWithoutMark) {
                    self.mark(owner);
                }
                Some(1)
            }
            None if self.fault == Fault::LimitsNewIds && replaces.is_some() => Some(1),
            limit => limit.filter(|_| self.fault != Fault::TornLimit),
        };
        if let Some(limit) = limit.filter(|_| count_replaced) {
            ended += self.end_over(owner.as_ref(), key, limit).await?;
        }
        if let Some((old, _)) = replaces
            && self.fault != Fault::CreateKeepsTheOld
        {
            let _ = self.inner.destroy(old, Condition::Always).await?;
        }
        if let Some(limit) = limit {
            ended += self.end_over(owner.as_ref(), key, limit).await?;
        }
        Ok(Created::Yes { ended })
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let of = |key: &StoreKey, record: &Record| key.owner(record).as_ref() == Some(owner);
        let user = |record: &Record| record.user().map(|user| user.id.clone()).unwrap_or_default();
        let now = self.clock.now();
        let listed = match self.fault {
            Fault::Panics => panic!("it is told to"),
            Fault::ListsEnded => return Ok(self.listed(|key, record, _| of(key, record))),
            Fault::ListsByPrefix => self.listed(|_, record, _| user(record).starts_with(owner.user())),
            Fault::ListsAllCookies => self.listed(|_, record, _| user(record) == owner.user()),
            Fault::ListsForAnHour => self.listed(|key, record, until| of(key, record) && until > now),
            Fault::ListsAFew => return Ok(self.inner.sessions_of(owner).await?.into_iter().take(10).collect()),
            _ => return self.inner.sessions_of(owner).await,
        };
        let mut live = Vec::new();
        for (key, _) in listed {
            live.extend(self.inner.get(&key).await?.map(|record| (key, record)));
        }
        Ok(live)
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let kept = match keep {
            Some(keep) => self.inner.get(keep).await?.and_then(|record| keep.owner(&record)),
            None => None,
        };
        if keep.is_some() && kept.is_none() && self.fault != Fault::EndsForTheGone {
            return Ok(None);
        }
        // With this fault, the user of the kept session counts, not the user that was named.
        let owner = kept.as_ref().filter(|_| self.fault == Fault::EndsByKept).unwrap_or(owner);
        let mut listed = self.inner.sessions_of(owner).await?;
        if self.fault != Fault::MarkNeedsSessions || !listed.is_empty() {
            self.mark(owner);
        }
        match self.fault {
            Fault::EndsAHundred => listed.truncate(100),
            Fault::EndsAllCookies => listed = self.of_all_cookies(owner),
            Fault::TornEnd => pause().await,
            Fault::CountsAllListed => {
                self.inner.end_sessions(owner, keep).await?;
                let of = |key: &StoreKey, record: &Record| key.owner(record).as_ref() == Some(owner);
                return Ok(Some(self.listed(|key, record, _| of(key, record) && Some(key) != keep).len() as u64));
            }
            _ => {}
        }
        let mut ended = 0;
        for (key, _) in &listed {
            if Some(key) != keep || self.fault == Fault::EndsTheKept {
                ended += u64::from(self.inner.destroy(key, Condition::Always).await? == Destroyed::Yes);
            }
        }
        Ok(Some(ended))
    }
}

/// Makes a store over a [`MemoryStore`] that has the four required methods, these ones, and the
/// defaults of the others.
macro_rules! partial_store {
    ($(#[$doc:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$doc])*
        struct $name(MemoryStore);

        #[async_trait]
        impl SessionStore for $name {
            async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
                self.0.get(key).await
            }

            async fn set(
                &self,
                key: &StoreKey,
                record: Record,
                expected: Expected,
                ttl: Duration,
            ) -> Result<Stored, StoreError> {
                self.0.set(key, record, expected, ttl).await
            }

            async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
                self.0.destroy(key, condition).await
            }

            async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
                self.0.touch(key, ttl).await
            }

            $($more)*
        }
    };
}

partial_store! {
    /// A store with the required methods only.
    FourMethods {}
}

partial_store! {
    /// A store that also lists and ends the sessions of a user.
    Listing {
        async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
            self.0.sessions_of(owner).await
        }

        async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
            self.0.end_sessions(owner, keep).await
        }
    }
}
