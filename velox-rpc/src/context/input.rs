//! The inputs of an exchange's calls, which may still be on their way.
//!
//! The steps of a procedure run on the head of the request. The first of them that wants the input says so here and waits; only then
//! does the service, which polls the body beside the steps, begin to read it. So a body is neither asked for nor read for a caller
//! whom a guard refuses, and it needs no task and no `'static` of its own.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::budget::Held;
use crate::call::RawInput;
use crate::error::{Error, Result};

/// What the calls of an exchange are given, by the order of the calls.
#[derive(Debug)]
pub(crate) enum Inputs {
    /// Of the only call.
    One(Result<RawInput>),
    /// Of each call of a batch.
    Each(Vec<Result<RawInput>>),
}

/// The inputs of the calls of an exchange.
pub(crate) enum Input {
    /// They came with the head of the request.
    There(Inputs),
    /// It is to be read from the body. In a box, which the many calls without a body, or without steps before it, do not need.
    Coming(Box<Coming>),
}

/// Inputs that were read, or why they could not be.
pub(crate) struct Arrived {
    pub(crate) inputs: Inputs,
    /// How long they were waited for.
    pub(crate) waited: Duration,
    /// What their text takes of the budget for bodies.
    pub(crate) _held: Option<Held>,
}

/// An input that is on its way.
#[derive(Default)]
pub(crate) struct Coming {
    arrived: OnceLock<Arrived>,
    asked: Mutex<Asked>,
}

/// Who waits for whom.
#[derive(Default)]
struct Asked {
    is_wanted: bool,
    /// The task of the service, to be told that the input is wanted.
    service: Option<Waker>,
    /// Steps that wait in other tasks.
    steps: Vec<Waker>,
}

impl Input {
    /// An input that is to be read from the body: when a step asks for it, or before the call runs.
    pub(crate) fn coming(when_asked: bool) -> Self {
        if when_asked { Self::Coming(Box::default()) } else { Self::There(Inputs::One(Ok(RawInput::absent()))) }
    }

    /// Whether no more of it is to be read.
    pub(crate) fn has_arrived(&self) -> bool {
        match self {
            Self::There(_) => true,
            Self::Coming(coming) => coming.arrived.get().is_some(),
        }
    }

    /// The input of a call, if it is there.
    pub(crate) fn there(&self, call: usize) -> Option<Result<&RawInput>> {
        match self {
            Self::There(inputs) => Some(inputs.of(call)),
            Self::Coming(coming) => coming.arrived.get().map(|arrived| arrived.inputs.of(call)),
        }
    }

    /// Asks for the input of a call, and waits for it. With it comes how long it has taken to arrive.
    pub(crate) async fn wait(&self, call: usize) -> (Result<&RawInput>, Duration) {
        match self {
            Self::There(inputs) => (inputs.of(call), Duration::ZERO),
            Self::Coming(coming) => {
                let arrived = coming.wait().await;
                (arrived.inputs.of(call), arrived.waited)
            }
        }
    }
}

impl Inputs {
    /// The input of a call. An error is told to all who ask.
    fn of(&self, call: usize) -> Result<&RawInput> {
        self.get(call).as_ref().map_err(Error::again)
    }

    fn get(&self, call: usize) -> &Result<RawInput> {
        match self {
            Self::One(input) => input,
            Self::Each(inputs) => &inputs[call],
        }
    }

    /// The error of the first call, which is that of all where the body could not be read.
    pub(crate) fn error(&self) -> Option<&Error> {
        match self {
            Self::One(input) => input.as_ref().err(),
            Self::Each(inputs) => inputs.first()?.as_ref().err(),
        }
    }
}

impl Coming {
    async fn wait(&self) -> &Arrived {
        poll_fn(|cx| {
            if self.arrived.get().is_none() {
                self.ask(cx);
            }
            // Looked at last: it may have arrived before the waker was there.
            self.arrived.get().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn ask(&self, cx: &Context<'_>) {
        let mut asked = self.asked();
        asked.is_wanted = true;
        // As a rule the steps run in the task of the service, which looks again as soon as it has polled them.
        if !asked.service.as_ref().is_some_and(|service| service.will_wake(cx.waker())) {
            asked.steps.push(cx.waker().clone());
            if let Some(service) = &asked.service {
                service.wake_by_ref();
            }
        }
    }

    /// Says which task is to be woken when a step asks for the input.
    pub(crate) fn listen(&self, cx: &Context<'_>) {
        let mut asked = self.asked();
        if !asked.service.as_ref().is_some_and(|service| service.will_wake(cx.waker())) {
            asked.service = Some(cx.waker().clone());
        }
    }

    /// Whether a step waits for the input.
    pub(crate) fn is_wanted(&self) -> bool {
        self.asked().is_wanted
    }

    /// The input is there: wakes who waits for it.
    pub(crate) fn arrive(&self, arrived: Arrived) {
        // A body is read once.
        let _ = self.arrived.set(arrived);
        let mut asked = self.asked();
        asked.is_wanted = false;
        let steps = std::mem::take(&mut asked.steps);
        drop(asked);
        steps.into_iter().for_each(Waker::wake);
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waker(count: &Arc<Count>) -> Waker {
        Waker::from(Arc::clone(count))
    }

    fn arrived() -> Arrived {
        Arrived { inputs: Inputs::One(Ok(RawInput::absent())), waited: Duration::ZERO, _held: None }
    }

    #[test]
    fn an_input_is_wanted_once_a_step_waits_for_it_and_until_it_is_there() {
        let (input, task) = (Coming::default(), waker(&Arc::default()));
        let cx = &mut Context::from_waker(&task);
        let mut step = pin!(input.wait());
        input.listen(cx);
        assert!(!input.is_wanted());
        assert!(step.as_mut().poll(cx).is_pending());
        assert!(input.is_wanted());
        input.arrive(arrived());
        assert!(!input.is_wanted());
        assert!(step.poll(cx).is_ready());
    }

    #[test]
    fn a_step_in_another_task_wakes_the_service_and_is_woken() {
        let input = Coming::default();
        let (service, other) = <(Arc<Count>, Arc<Count>)>::default();
        input.listen(&Context::from_waker(&waker(&service)));
        let mut step = pin!(input.wait());
        assert!(step.as_mut().poll(&mut Context::from_waker(&waker(&other))).is_pending());
        assert_eq!(service.0.load(Ordering::Relaxed), 1);
        input.arrive(arrived());
        assert_eq!(other.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn an_error_is_told_to_all_who_ask() {
        let input = Input::There(Inputs::One(Err(Error::bad_request("no").with_source("why"))));
        for _ in 0..2 {
            let error = input.there(0).expect("it is there").expect_err("an error");
            assert_eq!((error.message(), error.source().map(ToString::to_string).as_deref()), ("no", Some("why")));
        }
    }
}
