//! The input of a call, which may still be on its way.
//!
//! The steps of a procedure run on the head of the request. The first of them that wants the input says so here and waits; only then
//! does the service, which polls the body beside the steps, begin to read it. So a body is neither asked for nor read for a caller
//! whom a guard refuses, and it needs no task and no `'static` of its own.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::call::RawInput;
use crate::error::{Error, Result};

/// The input of a call.
pub(crate) enum Input {
    /// It came with the head of the request.
    There(Result<RawInput>),
    /// It is to be read from the body. In a box, which the many calls without a body, or without steps before it, do not need.
    Coming(Box<Coming>),
}

/// An input that was read, or why it could not be.
pub(crate) struct Arrived {
    pub(crate) input: Result<RawInput>,
    /// How long it was waited for.
    pub(crate) waited: Duration,
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
        if when_asked { Self::Coming(Box::default()) } else { Self::There(Ok(RawInput::absent())) }
    }

    /// The input, if it is there.
    pub(crate) fn there(&self) -> Option<Result<&RawInput>> {
        match self {
            Self::There(input) => Some(borrowed(input)),
            Self::Coming(coming) => coming.arrived.get().map(|arrived| borrowed(&arrived.input)),
        }
    }

    /// Asks for the input, and waits for it. With it comes how long it has taken to arrive.
    pub(crate) async fn wait(&self) -> (Result<&RawInput>, Duration) {
        match self {
            Self::There(input) => (borrowed(input), Duration::ZERO),
            Self::Coming(coming) => {
                let Arrived { input, waited } = coming.wait().await;
                (borrowed(input), *waited)
            }
        }
    }
}

/// An error is told to all who ask.
fn borrowed(input: &Result<RawInput>) -> Result<&RawInput> {
    input.as_ref().map_err(Error::again)
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
        Arrived { input: Ok(RawInput::absent()), waited: Duration::ZERO }
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
        let input = Input::There(Err(Error::bad_request("no").with_source("why")));
        for _ in 0..2 {
            let error = input.there().expect("it is there").expect_err("an error");
            assert_eq!((error.message(), error.source().map(ToString::to_string).as_deref()), ("no", Some("why")));
        }
    }
}
