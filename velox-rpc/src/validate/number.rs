//! Numbers of JSON, compared without loss and printed as JavaScript prints them.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Number;

/// A number that is compared exactly: integers as integers, all else as floats.
#[derive(Clone, Copy, Debug)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    pub(super) fn new(number: &Number) -> Num {
        if let Some(int) = number.as_i64() {
            return Num::Int(int.into());
        }
        if let Some(int) = number.as_u64() {
            return Num::Int(int.into());
        }
        // Only serde_json's arbitrary precision has numbers that are none of the three, and it is off.
        Num::of_float(number.as_f64().unwrap_or(f64::NAN))
    }

    fn of_float(float: f64) -> Num {
        // Below 2^126 the cast is exact for a float without a fraction.
        if float.fract() == 0.0 && float.abs() < EXACT { Num::Int(float as i128) } else { Num::Float(float) }
    }

    pub(super) fn is_whole(self) -> bool {
        match self {
            Num::Int(_) => true,
            Num::Float(float) => float.fract() == 0.0,
        }
    }

    /// serde_json hands such a number out as a float, even if it was written as an integer.
    pub(super) fn is_beyond_64_bits(self) -> bool {
        self > Num::Int(u64::MAX.into()) || self < Num::Int(i64::MIN.into())
    }

    pub(super) fn is_multiple_of(self, step: Num) -> bool {
        if let (Num::Int(value), Num::Int(step)) = (self, step) {
            return step == 0 || value % step == 0;
        }
        let quotient = self.as_float() / step.as_float();
        // Decimal fractions are not exact: 0.3 / 0.1 is 2.9999999999999996.
        !quotient.is_finite() || (quotient - quotient.round()).abs() < 1e-9 * quotient.abs().max(1.0)
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
            // A float that is no `Int` has a fraction or is huge; either way rounding the other side cannot reorder.
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

/// From here on JavaScript prints an exponent.
const JS_PLAIN: u128 = 1_000_000_000_000_000_000_000;
const EXACT: f64 = 8.5e37;
