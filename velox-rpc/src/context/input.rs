//! The inputs of a request's calls, which may not have arrived yet.
//!
//! The steps of a procedure start as soon as the head of the request has arrived. The first step
//! that needs the input asks for it here and waits. Only then does the service, which polls the
//! body beside the steps, begin to read it. So velox neither requests nor reads the body of a
//! caller whom a guard refuses, and the body needs neither its own task nor `'static`.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::budget::Held;
use crate::call::RawInput;
use crate::error::{Error, Result};

/// The inputs that the calls of a request receive, in the order of the calls.
#[derive(Debug)]
pub(crate) enum Inputs {
    /// The input of the only call.
    One(Result<RawInput>),
    /// The inputs of the calls of a batch.
    Each(Vec<Result<RawInput>>),
}

/// The inputs of the calls of a request.
pub(crate) enum Input {
    /// The inputs came with the head of the request.
    There(Inputs),
    /// The input still has to be read from the body. The box keeps the enum small for the many
    /// calls that do not wait for a body.
    Coming(Box<Coming>),
}

/// The inputs that were read, or the reason why they could not be.
pub(crate) struct Arrived {
    pub(crate) inputs: Inputs,
    /// The time that the calls waited for them.
    pub(crate) waited: Duration,
    /// The share of their text in the budget for bodies.
    pub(crate) _held: Option<Held>,
}

/// An input that has not arrived yet.
#[derive(Default)]
pub(crate) struct Coming {
    arrived: OnceLock<Arrived>,
    asked: Mutex<Asked>,
}

/// The tasks that wait for each other.
#[derive(Default)]
struct Asked {
    is_wanted: bool,
    /// The task of the service, which is woken when a step asks for the input.
    service: Option<Waker>,
    /// The steps that wait in other tasks.
    steps: Vec<Waker>,
}

impl Input {
    /// Makes an input that is read from the body when a step asks for it, or else an empty input.
    pub(crate) fn coming(when_asked: bool) -> Self {
        if when_asked { Self::Coming(Box::default()) } else { Self::There(Inputs::One(Ok(RawInput::absent()))) }
    }

    /// Returns whether the whole input has arrived.
    pub(crate) fn has_arrived(&self) -> bool {
        match self {
            Self::There(_) => true,
            Self::Coming(coming) => coming.arrived.get().is_some(),
        }
    }

    /// Returns the input of a call if it has arrived.
    pub(crate) fn there(&self, call: usize) -> Option<Result<&RawInput>> {
        match self {
            Self::There(inputs) => Some(inputs.of(call)),
            Self::Coming(coming) => coming.arrived.get().map(|arrived| arrived.inputs.of(call)),
        }
    }

    /// Asks for the input of a call and waits for it. Also returns how long it took to arrive.
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
    /// Returns the input of a call. If it is an error, every call gets a copy.
    fn of(&self, call: usize) -> Result<&RawInput> {
        self.get(call).as_ref().map_err(Error::again)
    }

    fn get(&self, call: usize) -> &Result<RawInput> {
        match self {
            Self::One(input) => input,
            Self::Each(inputs) => &inputs[call],
        }
    }

    /// Returns the error of the first call. If the body could not be read, all calls have this
    /// error.
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
            // Check after registering the waker, because the input may have arrived in between.
            self.arrived.get().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn ask(&self, cx: &Context<'_>) {
        let mut asked = self.asked();
        asked.is_wanted = true;
        // Usually the steps run in the task of the service, which checks again right after it has
        // polled them.
        if !asked.service.as_ref().is_some_and(|service| service.will_wake(cx.waker())) {
            asked.steps.push(cx.waker().clone());
            let service = asked.service.clone();
            drop(asked);
            if let Some(service) = service {
                service.wake();
            }
        }
    }

    /// Sets the task to wake when a step asks for the input.
    pub(crate) fn listen(&self, cx: &Context<'_>) {
        let mut asked = self.asked();
        if !asked.service.as_ref().is_some_and(|service| service.will_wake(cx.waker())) {
            asked.service = Some(cx.waker().clone());
        }
    }

    /// Returns whether a step waits for the input.
    pub(crate) fn is_wanted(&self) -> bool {
        self.asked().is_wanted
    }

    /// Stores the input and wakes the steps that wait for it.
    pub(crate) fn arrive(&self, arrived: Arrived) {
        // The body is read only once, so this cannot fail.
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
    fn an_input_is_wanted_while_a_step_waits_for_it() {
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
    fn every_reader_of_the_input_gets_its_error() {
        let input = Input::There(Inputs::One(Err(Error::bad_request("no").with_source("why"))));
        for _ in 0..2 {
            let error = input.there(0).expect("it is there").expect_err("an error");
            assert_eq!((error.message(), error.source().map(ToString::to_string).as_deref()), ("no", Some("why")));
        }
    }
}
