//! How long a server that cannot be reached is left alone: longer from time to time, and never for all processes alike.

use std::time::Duration;

/// The pause after so many attempts in a row that failed: between the half and the whole of what doubles each time.
pub(super) fn pause(failures: u32) -> Duration {
    // Without randomness the pause is one of those that it may be.
    jittered(failures, getrandom::u32().unwrap_or(u32::MAX))
}

fn jittered(failures: u32, random: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(LONGEST);
    whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// At most so long is the first pause, which a command waits for.
pub(super) const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// S5
    #[test]
    fn pauses_double_up_to_a_second_and_differ() {
        let longest = |failures| jittered(failures, u32::MAX).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 100, u32::MAX].map(longest), [100, 200, 400, 800, 1_000, 1_000, 1_000]);
        let shortest = |failures| jittered(failures, 0).as_millis();
        assert_eq!([1, 2, 3, 4, 5, 100].map(shortest), [50, 100, 200, 400, 500, 500]);
        assert_eq!(jittered(5, u32::MAX / 2).as_millis(), 750);
    }
}
