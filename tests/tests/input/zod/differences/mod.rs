//! Lists where `#[schema]` differs from Zod, and why. The guide describes the same differences
//! under "Differences from Zod".

mod choices;
mod coerced;
mod composed;
mod missing;
mod numbers;
mod texts;
mod zod4;

use serde_json::Value;

use crate::zod::answer::Answer;

/// One difference, for some rules.
pub(crate) struct Difference {
    pub(crate) rules: &'static [&'static str],
    pub(crate) reason: &'static str,
    /// Returns Returns `true` if a case shows this difference. The first difference that matches
    /// counts.
    pub(crate) is_of: fn(&Case<'_>) -> bool,
}

/// All differences from Zod 3.
pub(crate) fn all() -> impl Iterator<Item = &'static Difference> {
    [texts::ALL, numbers::ALL, missing::ALL, composed::ALL, choices::ALL, coerced::ALL].into_iter().flatten()
}

/// Differences that only exist for Zod 4.
pub(crate) fn of_zod4() -> impl Iterator<Item = &'static Difference> {
    zod4::ALL.iter()
}

/// A value on which Zod and velox disagree.
pub(crate) struct Case<'c> {
    /// The body, or the query string.
    pub(crate) input: &'c str,
    /// The decoded strings of the query.
    pub(crate) texts: &'c [String],
    pub(crate) zod: Answer,
    pub(crate) velox: Answer,
}

impl Case<'_> {
    fn only_zod_takes_it(&self) -> bool {
        self.zod.is_taken() && !self.velox.is_taken()
    }

    fn only_velox_takes_it(&self) -> bool {
        self.velox.is_taken() && !self.zod.is_taken()
    }

    /// Returns whether both accept the value, with different outputs.
    fn both_take_it(&self) -> bool {
        self.zod.is_taken() && self.velox.is_taken()
    }

    /// The string that was sent for `v`; empty if it was not a string.
    fn text(&self) -> String {
        if let [text] = self.texts {
            return text.clone();
        }
        let body = serde_json::from_str::<Value>(self.input).unwrap_or_default();
        body["v"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns whether Zod reports this issue in addition to those of velox, and no other.
    fn zod_also_says(&self, path: &str, message: &str) -> bool {
        is_one_more(self.zod.issues(), self.velox.issues(), path, message)
    }
}

/// Returns whether `more` has the issues of `less` and one more.
fn is_one_more(more: &[(String, String)], less: &[(String, String)], path: &str, message: &str) -> bool {
    let place = more.iter().position(|(at, text)| at == path && text.starts_with(message));
    place.is_some_and(|place| {
        more.len() == less.len() + 1 && more[..place] == less[..place] && more[place + 1..] == less[place..]
    })
}
