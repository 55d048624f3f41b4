//! JSON numbers, compared without loss and printed as JavaScript prints them.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Number;

use crate::validate::whole;

/// A number that is compared exactly: an integer as an integer, and everything else as a float.
#[derive(Clone, Copy, Debug)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    pub(super) fn new(number: &Number) -> Num {
        Num::of_text(&number.to_string())
    }

    /// Reads a number as it is written, with all digits if it is whole. Other text becomes NaN.
    pub(super) fn of_text(text: &str) -> Num {
        let whole = whole::integer(text);
        let exact = whole.as_deref().unwrap_or(text).parse().map(Num::Int);
        exact.unwrap_or_else(|_| Num::of_float(serde_json::from_str(text).unwrap_or(f64::NAN)))
    }

    pub(super) fn of_float(float: f64) -> Num {
        // Below 2^126 the cast is exact for a float without a fraction.
        if float.fract() == 0.0 && float.abs() < EXACT { Num::Int(float as i128) } else { Num::Float(float) }
    }

    pub(super) fn has_fraction(self) -> bool {
        matches!(self, Self::Float(float) if float.fract() != 0.0)
    }

    fn as_float(self) -> f64 {
        match self {
            Num::Int(int) => int as f64,
            Num::Float(float) => float,
        }
    }
}

impl PartialEq for Num {
    fn eq(&self, other: &Num) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Num) -> Option<Ordering> {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => Some(a.cmp(b)),
            // A float that is not an `Int` has a fraction or is huge. Either way, rounding the
            // other side cannot change the order.
            _ => self.as_float().partial_cmp(&other.as_float()),
        }
    }
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match *self {
            Num::Int(int) if int.unsigned_abs() < JS_PLAIN => return int.fmt(f),
            Num::Int(int) => int as f64,
            Num::Float(float) => float,
        };
        if float != 0.0 && (float.abs() < 1e-6 || float.abs() >= JS_PLAIN as f64) {
            let text = format!("{float:e}");
            return match text.split_once('e') {
                Some((digits, power)) if !power.starts_with('-') => write!(f, "{digits}e+{power}"),
                _ => f.write_str(&text),
            };
        }
        float.fmt(f)
    }
}

/// Returns whether a number is an exact multiple of another. Both are written without an exponent.
pub(super) fn is_multiple(number: &str, of: &str) -> bool {
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let scale = decimals(number).max(decimals(of));
    // Write both as whole numbers of the same small unit.
    let digits = |text: &str| {
        let digits: Vec<_> = text.bytes().filter(u8::is_ascii_digit).map(|digit| u128::from(digit - b'0')).collect();
        digits.into_iter().chain(std::iter::repeat_n(0, scale - decimals(text)))
    };
    let of = digits(of).try_fold(0_u128, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    let rest = |of: u128| {
        digits(number).try_fold(0_u128, |rest, digit| rest.checked_mul(10)?.checked_add(digit)?.checked_rem(of))
    };
    // Infinity and NaN do not end with a digit.
    number.ends_with(|last: char| last.is_ascii_digit()) && of.and_then(rest) == Some(0)
}

/// Returns a number as it was sent, without an exponent.
pub(super) fn plain(text: &str) -> String {
    let is_fraction = text.contains(['.', 'e', 'E']);
    match whole::integer(text) {
        Some(integer) => integer,
        None if is_fraction => serde_json::from_str(text).unwrap_or(f64::NAN).to_string(),
        None => text.to_owned(),
    }
}

/// Types that the rule `multiple_of` accepts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    label = "not a number",
    note = "the rule `multiple_of` is for integers, `f32` and `f64`"
)]
pub trait Multiple: fmt::Display {}

macro_rules! multiples {
    ($($number:ty)+) => {$(
        impl Multiple for $number {}
    )+};
}

multiples! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 }

/// From this number on, JavaScript prints an exponent.
const JS_PLAIN: u128 = 1_000_000_000_000_000_000_000;
const EXACT: f64 = 8.5e37;

#[cfg(test)]
mod tests {
    use super::{is_multiple, plain};

    #[test]
    fn multiples_are_checked_to_the_last_digit() {
        for (number, of) in [
            ("0", "5"),
            ("-10", "5"),
            ("19.99", "0.01"),
            ("0.3", "0.1"),
            ("7", "0.5"),
            ("340282366920938463463374607431768211455", "5"),
            ("100000000000000000000000000000000000000000000000000", "0.25"),
        ] {
            assert!(is_multiple(number, of), "{number} of {of}");
        }
        for (number, of) in
            [("12", "5"), ("1.005", "0.01"), ("0.30000000000000004", "0.1"), ("5", "0"), ("NaN", "1"), ("inf", "1")]
        {
            assert!(!is_multiple(number, of), "{number} of {of}");
        }
    }

    #[test]
    fn limits_of_any_size_can_be_checked() {
        assert!(!is_multiple("5", &u128::MAX.to_string()));
        assert!(!is_multiple(&"9".repeat(400), &"9".repeat(400)));
    }

    #[test]
    fn numbers_are_written_without_an_exponent() {
        for (text, expected) in [("1e3", "1000"), ("1e-7", "0.0000001"), ("5.0", "5"), ("0.1", "0.1"), ("-0", "0")] {
            assert_eq!(plain(text), expected);
        }
    }
}
