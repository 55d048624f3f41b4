//! The sessions of each user, and the marks of users whose sessions were all ended recently.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::table::Key;

/// The users who have sessions or a mark.
#[derive(Default)]
pub(super) struct Users {
    users: BTreeMap<Key, User>,
    /// The time at which to check whether a mark can be removed, with one entry for each mark.
    marked: VecDeque<(u64, Key)>,
}

#[derive(Default)]
struct User {
    /// Sorted by the time when they began, including expired ones. Most users have one session.
    sessions: SmallVec<[(u64, Key); 1]>,
    /// The mark: when all sessions were last ended.
    ended_at: Option<u64>,
}

impl Users {
    pub(super) fn insert(&mut self, owner: Key, session: (u64, Key)) {
        let sessions = &mut self.users.entry(owner).or_default().sessions;
        sessions.insert(sessions.partition_point(|other| *other < session), session);
    }

    pub(super) fn remove(&mut self, owner: Key, session: (u64, Key)) {
        let Some(user) = self.users.get_mut(&owner) else { return };
        if let Ok(place) = user.sessions.binary_search(&session) {
            user.sessions.remove(place);
        }
        if user.sessions.is_empty() && user.ended_at.is_none() {
            self.users.remove(&owner);
        }
    }

    /// Returns the sessions of a user, the oldest first.
    pub(super) fn sessions(&self, owner: Key) -> &[(u64, Key)] {
        self.users.get(&owner).map_or(&[], |user| &user.sessions)
    }

    /// Records that all sessions of a user were ended now.
    pub(super) fn mark(&mut self, owner: Key, now: u64) {
        if self.users.entry(owner).or_default().ended_at.replace(now).is_none() {
            self.marked.push_back((now.saturating_add(LIFE), owner));
        }
    }

    /// Returns whether the sessions of a user were ended after this time.
    pub(super) fn ended_after(&self, owner: Key, time: u64) -> bool {
        self.users.get(&owner).is_some_and(|user| user.ended_at > Some(time))
    }

    /// Removes an old mark, unless its user has sessions.
    pub(super) fn tidy(&mut self, now: u64) {
        let Some(&(_, owner)) = self.marked.front().filter(|(due, _)| *due <= now) else { return };
        self.marked.pop_front();
        if self.ended_after(owner, now.saturating_sub(LIFE)) || !self.sessions(owner).is_empty() {
            self.marked.push_back((now.saturating_add(LIFE), owner));
        } else {
            self.users.remove(&owner);
        }
    }

    /// Returns the numbers of sessions and marks.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        let marks = self.users.values().filter(|user| user.ended_at.is_some()).count();
        assert_eq!(self.marked.len(), marks);
        assert!(self.users.values().all(|user| !user.sessions.is_empty() || user.ended_at.is_some()));
        (self.users.values().map(|user| user.sessions.len()).sum(), marks)
    }
}

/// Ten minutes: longer than any request takes.
const LIFE: u64 = 600_000;
