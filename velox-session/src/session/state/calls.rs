//! Begins and ends the calls of a request, and hides the session from a call.

use super::{Call, Message, State};
use crate::session::error::SessionError;
use crate::session::op::Op;

impl State {
    /// Begins a call. The call sees what is settled.
    pub(crate) fn begin(&mut self) -> u32 {
        let number = self.next_call;
        self.next_call += 1;
        self.calls.push(Call { number, view: None, epoch: self.epoch, hidden: false });
        number
    }

    /// Makes the call see an anonymous visitor until somebody logs out. It sees no user and no
    /// data, and the stored session stays as it is. The first write of the call logs out and begins
    /// a new session, so that no data of the deleted user gets into it.
    pub(crate) fn hide(&mut self, number: u32) -> Result<(), SessionError> {
        let index = self.index(number)?;
        (self.calls[index].hidden, self.calls[index].view) = (true, None);
        Ok(())
    }

    /// Begins a session for the visitor if the existing one is hidden from the call.
    pub(super) fn unhide(&mut self, number: u32) -> Result<(), SessionError> {
        if !self.is_hidden(number) {
            return Ok(());
        }
        // Fails if another call has logged somebody in meanwhile.
        self.check_epoch(number)?;
        self.push(number, Op::Logout { at: self.opened_at })
    }

    pub(super) fn is_hidden(&self, number: u32) -> bool {
        self.calls.iter().any(|call| call.number == number && call.hidden)
    }

    /// Ends a call. Its writes are kept, or dropped as if they had never happened.
    pub(crate) fn end(&mut self, number: u32, keep: bool) {
        let Some(call) = self.calls.iter_mut().find(|call| call.number == number) else { return };
        let seen = if keep && !call.hidden && !self.log.is_empty() { call.view.take() } else { None };
        self.calls.retain(|call| call.number != number);
        if keep {
            for entry in self.log.iter_mut().filter(|entry| entry.call == number) {
                entry.settled = true;
            }
        } else {
            self.log.retain(|entry| entry.call != number || entry.settled);
            // The flash messages that the call took become available for a later request.
            let taken: Vec<_> = self.taken.extract_if(.., |(call, _)| *call == number).collect();
            for (_, Message { key, value }) in taken {
                self.note(number, true, Op::PutBack { key, value });
            }
        }
        self.forget_views();
        // With no other call left, this one has seen what is settled now.
        let is_alone = self.calls.is_empty() && self.log.iter().all(|entry| entry.settled);
        self.settled = seen.filter(|_| is_alone).map(Box::new);
    }

    /// Fails if the session has changed hands.
    pub(super) fn check_epoch(&self, number: u32) -> Result<(), SessionError> {
        let call = &self.calls[self.index(number)?];
        if call.epoch == self.epoch { Ok(()) } else { Err(SessionError::Superseded) }
    }

    pub(super) fn index(&self, number: u32) -> Result<usize, SessionError> {
        self.calls.iter().position(|call| call.number == number).ok_or(SessionError::Ended)
    }
}
