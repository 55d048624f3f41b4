//! Limits how long a request waits for its store.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Returns the output of a future and how long it took, or `None` if it takes longer than the
/// limit. The caller should then drop the future. It is borrowed, because an async function would
/// otherwise keep a large future twice.
pub(crate) async fn within<F: Future>(limit: Duration, mut work: Pin<&mut F>) -> (Option<F::Output>, Duration) {
    // A store in memory answers at once and needs no timer.
    match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(output) => (Some(output), Duration::ZERO),
        Poll::Pending => {
            let began = tokio::time::Instant::now();
            // The timer is boxed. Otherwise each caller's future would have room for it.
            (Box::pin(tokio::time::timeout(limit, work)).await.ok(), began.elapsed())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_future_is_only_awaited_until_the_deadline() {
        assert_eq!(within(Duration::ZERO, pin!(ready(1))).await, (Some(1), Duration::ZERO));
        assert_eq!(within(SECOND, pin!(pending::<u32>())).await, (None, SECOND));
        let almost = Duration::from_millis(999);
        let soon = async { tokio::time::sleep(almost).await };
        assert_eq!(within(SECOND, pin!(soon)).await, (Some(()), almost));
    }
}
