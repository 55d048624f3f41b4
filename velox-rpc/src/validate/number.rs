//! Numbers of JSON, compared without loss and printed as JavaScript prints them.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Number;

use crate::validate::whole;

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

    /// A number as it is written, to the last digit if it is whole. What is none is no number.
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
