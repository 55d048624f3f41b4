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
    assert!(report.to_string().contains("\n  not offered: a session that was ended is not listed"), "{report}");
    assert!(report.not_offered().any(|promise| promise == "a login over the limit ends the oldest session"));
}

#[tokio::test]
async fn a_store_that_panics_breaks_a_promise() {
    let report = report_of(Fault::Panics).await;
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.contains(&("a session that was ended is not listed", "the store panicked")), "{report}");
}

#[tokio::test]
#[should_panic(
    expected = "broken: a session of another version than named goes on as it was\n    destroy of version 0"
)]
async fn the_panic_message_names_the_broken_promises() {
    report_of(Fault::EndsAnyVersion).await.assert();
}

/// A check that finds no fault would be useless.
#[tokio::test]
async fn each_fault_is_found() {
    let faults = [
        (Fault::LooksAtTheFirst, "a look at many tells of each whether it is there, and renews none"),
        (Fault::LosesFlash, "a record keeps its flash messages"),
        (Fault::CountsTo32Bits, "versions are kept exactly, up to 2^53"),
        (Fault::TornSave, "of saves at once none is lost"),
        (Fault::TornSave, "a session that is ended while others save it stays ended"),
        (Fault::TornTouch, "a touch never undoes a save"),
        (Fault::TornTouch, "a session that is ended while others touch it stays ended"),
        (Fault::TouchCreates, "a touch never creates a record"),
        (Fault::TouchOnlyLengthens, "a touch may shorten a life"),
        (Fault::WholeMinutes, "a life is kept to the millisecond"),
        (Fault::EndsAnyVersion, "a session of another version than named goes on as it was"),
        (Fault::EndsAnyVersion, "a session is saved or ended by its version, never both"),
        (Fault::EndsAnyVersion, "a session of another version than named gets no new id, and goes on as it was"),
        (Fault::SaveForgetsTheRecord, "a save that is refused hands back the record that is there"),
        (Fault::SaveGivesAnOldExpiry, "a save that is refused hands back the record that is there"),
        (Fault::SaveInventsARecord, "a save that is refused hands back nothing where nothing is"),
        (Fault::BeginsForAMinute, "a session that begins is there as it was kept"),
        (Fault::TornCreate, "a session is saved or gets a new id by its version, never both"),
        (Fault::CreateKeepsTheOld, "a session under a new id is there as it was kept, and the old one is gone"),
        (Fault::CreateKeepsTheNew, "a session that is gone gets no new id, if a version is named"),
        (Fault::CreateKeepsTheNew, "of many that give a session a new id at once one does"),
        (Fault::CreateForgetsTheRecord, "a new id that is refused hands back the record that is there"),
        (Fault::CreateReplaces, "a session under a new id never replaces one"),
        (Fault::CreateNeedsTheOld, "whatever the old session holds, if no version is named, a new one takes its place"),
        (Fault::EndsAllCookies, "all sessions of a user end, and those of nobody else"),
        (Fault::EndsTheKept, "all sessions of a user end but the one that is kept"),
        (Fault::EndsForTheGone, "where the session to be kept is gone, none ends"),
        (Fault::EndsByKept, "the end of a user's sessions is not that of another's who asks"),
        (Fault::EndsAHundred, "hundreds of sessions of a user end at once"),
        (Fault::CountsAllListed, "where a user has no live sessions, none end"),
        (Fault::NoMark, "a login that began before all sessions ended is refused, and leaves nothing"),
        (Fault::NoMark, "logins while all sessions end, which began before, are refused or ended"),
        (Fault::RefusedLoginStays, "a login that began before all sessions ended is refused, and leaves nothing"),
        (Fault::MarkStopsAll, "a login that began after all sessions ended is let in"),
        (Fault::MarkNeedsSessions, "a login that began before is refused where there was no session to end"),
        (Fault::MarkOfAllUsers, "the end of a user's sessions hinders nobody else's logins, and no new id"),
        (Fault::MarkStopsNewIds, "the end of a user's sessions hinders nobody else's logins, and no new id"),
        (Fault::MarkForFiveMinutes, "a login that began before is refused for ten minutes"),
        (Fault::MarkForTenMinutes, "a login that began before is refused as long as a session lives"),
        (Fault::OthersStay, "a session that begins may end all others of its user"),
        (Fault::OthersEndWithoutMark, "a session that begins may end all others of its user"),
        (Fault::OthersEndFirst, "a session that does not begin ends no others"),
        (Fault::TornSave, "sessions that end all at once while others save them stay ended"),
        (Fault::TornTouch, "sessions that end all at once while others renew them stay ended"),
        (Fault::TornEnd, "sessions that end all at once while they get new ids stay ended"),
        (Fault::NoLimit, "a login over the limit ends the oldest session"),
        (Fault::EndsTheNewest, "a login over the limit ends the oldest session"),
        (Fault::EndsOneAtATime, "a login ends as many as are over a limit that was lowered"),
        (Fault::EndsItself, "a login over the limit never ends itself"),
        (Fault::LimitCountsTheEnded, "sessions that were ended do not count for the limit"),
        (Fault::LimitCountsTheReplaced, "the session that a login replaces does not count for the limit"),
        (Fault::EndsAllCookies, "sessions of others do not count for the limit"),
        (Fault::LimitsNewIds, "a new id without a login ends nothing, whatever there is"),
        (Fault::TornLimit, "logins at once leave as many sessions as the limit says"),
        (Fault::RenewsAlways, "a load renews a life once an interval"),
        (Fault::RenewsNever, "a session lives as long as it is read"),
        (Fault::RenewsForEver, "a load never makes a life longer than the absolute time-out"),
        (Fault::ListsEnded, "a session that was ended is not listed"),
        (Fault::ListsEnded, "a session that has expired is not listed"),
        (Fault::ListsEnded, "a session that takes the place of another is listed, and the other is not"),
        (Fault::ListsByPrefix, "a list names no session of another user, whatever their ids"),
        (Fault::ListsAllCookies, "a list names no session under another cookie"),
        (Fault::ListsAFew, "a hundred sessions of a user are listed, each once"),
        (Fault::ListsForAnHour, "a session stays on the list while reads renew its life"),
        (Fault::ListsForAnHour, "a session stays on the list while touches renew its life"),
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
    /// Writes whatever is there.
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
        // This uses the user who asks, whatever user was named.
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

/// A store that implements the four required methods and uses the defaults of the others.
struct FourMethods(MemoryStore);

#[async_trait]
impl SessionStore for FourMethods {
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
}
