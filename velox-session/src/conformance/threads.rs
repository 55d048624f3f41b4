//! Runs several tasks concurrently without a runtime.

use std::future::Future;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// A future that a check runs concurrently with others.
///
/// # Examples
///
/// ```
/// use velox_session::conformance::Task;
///
/// /// Starts a task with tokio, on a thread that the runtime chooses.
/// fn spawn(task: Task) -> Task {
///     let running = tokio::spawn(task);
///     Box::pin(async { running.await.expect("no store panics") })
/// }
/// ```
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a task on its own thread.
pub(super) fn spawn(task: Task) -> Task {
    let end = Arc::new(End::default());
    let told = Told(Arc::clone(&end));
    thread::spawn(move || {
        let _told = told;
        run(task);
    });
    Box::pin(poll_fn(move |context| end.poll(context)))
}

/// Waits for all tasks, which take turns.
pub(super) async fn join(mut tasks: Vec<Task>) {
    poll_fn(|context| {
        tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
        if tasks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Lets the other tasks take their turn.
pub(super) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs a future to its end on the present thread.
fn run(future: Task) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The state of a thread: whether it has ended, and who waits for it.
#[derive(Default)]
struct End(Mutex<(bool, Option<Waker>)>);

impl End {
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if end.0 {
            return Poll::Ready(());
        }
        end.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Reports the end of a thread, even if it panics.
struct Told(Arc<End>);

impl Drop for Told {
    fn drop(&mut self) {
        let mut end = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        end.0 = true;
        let waker = end.1.take();
        drop(end);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
