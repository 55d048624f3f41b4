//! Counts the open streams of each session and keeps what is known of the session. This code never
//! calls a store.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::watch::{Receiver, Sender};

use crate::key::{Owner, StoreKey};
use crate::session::SessionHandle;

/// The reason why the streams of a session end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The session is over.
    Over,
    /// The session continues under a new id, or nobody knows. A client that reconnects with its
    /// cookie finds out.
    Unclear,
}

/// The sessions of a manager that have streams.
#[derive(Default)]
pub(crate) struct Watches {
    seats: Mutex<Seats>,
    /// Wakes the task that checks the sessions.
    pub(super) noted: Notify,
}

impl Watches {
    pub(super) fn seats(&self) -> MutexGuard<'_, Seats> {
        // No code panics half-way through a change.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests an immediate check of a session, or of all sessions of a user, because this process
    /// may have ended them.
    pub(super) fn doubt(&self, key: Option<&StoreKey>, user: Option<&str>) {
        let (sessions, mut is_any) = (&mut self.seats().sessions, false);
        let mut doubt = |seat: &mut Seat| (seat.is_doubtful, is_any) = (true, true);
        key.and_then(|key| sessions.get_mut(key)).map(&mut doubt);
        if user.is_some() {
            let theirs = sessions.values_mut().filter(|seat| seat.about.owner.as_ref().map(Owner::user) == user);
            theirs.for_each(&mut doubt);
        }
        if is_any {
            self.noted.notify_one();
        }
    }
}

/// The sessions that have streams.
#[derive(Default)]
pub(super) struct Seats {
    sessions: HashMap<StoreKey, Seat>,
    /// `true` if a task checks these sessions.
    pub(super) is_looked_after: bool,
}

/// A session that has streams.
struct Seat {
    streams: usize,
    about: About,
    /// `true` if this process may have ended the session since the store was asked.
    is_doubtful: bool,
    end: Sender<Option<End>>,
}

/// The facts that tell whether a session with streams is over.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) owner: Option<Owner>,
    /// The handle that finds the session again under a new id.
    pub(super) handle: SessionHandle,
    /// The time of the absolute timeout, in milliseconds.
    pub(super) ends_at: u64,
    /// The time at which its clients have to reconnect, which renews the session.
    pub(super) comes_back_at: Option<u64>,
}

/// The error that a session has the maximum number of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session already has {STREAMS} streams")]
pub(crate) struct Full;

impl Seats {
    /// Takes a seat for a stream.
    pub(super) fn take(
        &mut self,
        key: StoreKey,
        about: About,
        is_doubtful: bool,
    ) -> Result<Receiver<Option<End>>, Full> {
        let seat = match self.sessions.entry(key) {
            Entry::Occupied(seat) if seat.get().streams == STREAMS => return Err(Full),
            Entry::Occupied(seat) => {
                let seat = seat.into_mut();
                seat.about = about;
                if seat.end.borrow().is_some() {
                    // Streams that were told to end may still be open, but this one has found the
                    // session alive.
                    seat.end = Sender::default();
                }
                seat
            }
            Entry::Vacant(place) => place.insert(Seat { streams: 0, about, is_doubtful, end: Sender::default() }),
        };
        seat.streams += 1;
        seat.is_doubtful |= is_doubtful;
        Ok(seat.end.subscribe())
    }

    /// Frees the seat of a stream that has ended.
    pub(super) fn leave(&mut self, key: &StoreKey) {
        if let Some(seat) = self.sessions.get_mut(key) {
            seat.streams -= 1;
            if seat.streams == 0 {
                self.sessions.remove(key);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Returns the sessions to ask the store about: the doubtful ones, or `all` of them, without
    /// those whose streams were told to end. None of them is doubtful any more.
    pub(super) fn take_due(&mut self, all: bool) -> Vec<StoreKey> {
        let asked = |(key, seat): (&StoreKey, &mut Seat)| {
            let is_asked = std::mem::take(&mut seat.is_doubtful) || all;
            (is_asked && seat.end.borrow().is_none()).then(|| key.clone())
        };
        self.sessions.iter_mut().filter_map(asked).collect()
    }

    /// Applies the answers of the store about sessions, and returns the sessions that are over.
    pub(super) fn told(&self, answers: impl IntoIterator<Item = (StoreKey, bool)>, now: u64) -> Vec<(StoreKey, About)> {
        let over = |(key, is_alive): (StoreKey, bool)| {
            let about = &self.sessions.get(&key)?.about;
            (!is_alive || now >= about.ends_at).then(|| (key, about.clone()))
        };
        answers.into_iter().filter_map(over).collect()
    }

    /// Ends the streams of a session.
    pub(super) fn end(&self, key: &StoreKey, end: End) {
        if let Some(seat) = self.sessions.get(key) {
            seat.end.send_replace(Some(end));
        }
    }

    /// Ends the streams of sessions whose clients have to reconnect.
    pub(super) fn send_back(&self, now: u64) {
        for seat in self.sessions.values().filter(|seat| seat.about.comes_back_at.is_some_and(|at| at <= now)) {
            seat.break_off();
        }
    }

    /// Ends all streams, because nobody knows whether their sessions are alive.
    pub(super) fn end_all(&self) {
        self.sessions.values().for_each(Seat::break_off);
    }
}

impl Seat {
    /// Ends its streams, if nothing else has.
    fn break_off(&self) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(End::Unclear).is_none());
    }
}

/// The number of streams that a session may have in one process.
const STREAMS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::key;

    fn about(key: &StoreKey) -> About {
        About {
            owner: None,
            handle: key.digest_hex().parse().expect("a handle"),
            ends_at: u64::MAX,
            comes_back_at: None,
        }
    }

    fn take(seats: &mut Seats, key: &StoreKey) -> Result<Receiver<Option<End>>, Full> {
        seats.take(key.clone(), about(key), false)
    }

    #[test]
    fn the_streams_of_a_session_are_limited() {
        let (mut seats, one, other) = (Seats::default(), key("session"), key("session"));
        for _ in 0..STREAMS {
            take(&mut seats, &one).expect("a seat");
        }
        assert_eq!(take(&mut seats, &one).expect_err("no more"), Full);
        take(&mut seats, &other).expect("another session has its own");
        seats.leave(&one);
        take(&mut seats, &one).expect("a seat");
    }

    #[test]
    fn a_session_is_forgotten_with_its_last_stream() {
        let (mut seats, one) = (Seats::default(), key("session"));
        for _ in 0..2 {
            take(&mut seats, &one).expect("a seat");
        }
        for is_empty in [false, true] {
            seats.leave(&one);
            assert_eq!(seats.is_empty(), is_empty);
        }
    }

    #[test]
    fn only_the_streams_of_a_session_are_told_once_of_its_end() {
        let (mut seats, one, other) = (Seats::default(), key("session"), key("session"));
        let streams = [&one, &one, &other].map(|key| take(&mut seats, key).expect("a seat"));
        seats.end(&one, End::Over);
        assert_eq!(streams.each_ref().map(|stream| *stream.borrow()), [Some(End::Over), Some(End::Over), None]);
        assert_eq!(seats.take_due(true), [other]);
        seats.end_all();
        assert_eq!(streams.map(|stream| *stream.borrow()), [Some(End::Over), Some(End::Over), Some(End::Unclear)]);
    }

    #[test]
    fn a_reconnected_stream_does_not_get_the_earlier_notice() {
        let (mut seats, one) = (Seats::default(), key("session"));
        let told = take(&mut seats, &one).expect("a seat");
        seats.end_all();
        let back = take(&mut seats, &one).expect("a seat");
        assert_eq!((*told.borrow(), *back.borrow()), (Some(End::Unclear), None));
        assert_eq!(seats.take_due(true), [one]);
    }

    #[test]
    fn clients_are_asked_to_reconnect_once_when_due() {
        let (mut seats, one) = (Seats::default(), key("session"));
        let come = |seats: &mut Seats, at| {
            let about = About { comes_back_at: Some(at), ..about(&one) };
            seats.take(one.clone(), about, false).expect("a seat")
        };
        let first = come(&mut seats, 1000);
        seats.send_back(999);
        assert_eq!(*first.borrow(), None);
        seats.send_back(1000);
        assert_eq!(*first.borrow(), Some(End::Unclear));
        let back = come(&mut seats, 2000);
        seats.send_back(1999);
        assert_eq!(*back.borrow(), None);
    }

    #[test]
    fn only_sessions_that_may_have_ended_are_checked_at_once() {
        let (watches, [one, other, third]) = (Watches::default(), [(); 3].map(|()| key("session")));
        let ada = Owner::new(one.prefix(), "u1");
        for (key, owner, is_doubtful) in [(&one, Some(ada), false), (&other, None, false), (&third, None, true)] {
            let about = About { owner, ..about(key) };
            watches.seats().take(key.clone(), about, is_doubtful).expect("a seat");
        }
        let asked = || watches.seats().take_due(false);
        // The third session may have ended before its stream took the seat.
        assert_eq!((asked(), asked()), (vec![third], vec![]));
        watches.doubt(Some(&other), None);
        assert_eq!((asked(), asked()), (vec![other], vec![]));
        watches.doubt(None, Some("u1"));
        assert_eq!((asked(), asked()), (vec![one], vec![]));
        assert_eq!(watches.seats().take_due(true).len(), 3);
    }

    #[test]
    fn a_session_ends_if_the_store_lacks_it_or_at_its_absolute_timeout() {
        let (mut seats, one) = (Seats::default(), key("session"));
        let about = About { ends_at: 1000, ..about(&one) };
        let _stream = seats.take(one.clone(), about, false).expect("a seat");
        for (is_alive, now, is_over) in [(true, 999, false), (true, 1000, true), (false, 0, true)] {
            let over = seats.told([(one.clone(), is_alive)], now);
            assert_eq!(!over.is_empty(), is_over, "{is_alive} at {now}");
        }
    }
}
