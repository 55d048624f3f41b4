//! The broken rules of a value. Code that `#[schema]` generates collects them, for `Validate` and
//! for [`Examine`](super::Examine).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use validator::{ValidationError, ValidationErrors};

use crate::error::{Problem, Type};
use crate::validate::got::{Got, REQUIRED, Said, out_of};
use crate::validate::number::{Multiple, Num, is_multiple};
use crate::validate::subject::{Expression, Judged, Nested, Ranged, Text};

/// The rules that a value has broken.
#[derive(Debug, Default)]
pub struct Broken {
    rules: Vec<Rule>,
    nested: Vec<(&'static str, ValidationErrors)>,
    /// `true` if the value also breaks rules that are not in this list.
    has_others: bool,
}

/// A broken rule, with the message for it.
#[derive(Debug)]
struct Rule {
    field: &'static str,
    said: Said,
    error: ValidationError,
}

/// Returns whether a string is an email address by the rule of Zod 3: at least one dot in the
/// domain, and nothing quoted.
pub fn is_email(text: &impl Text) -> bool {
    let text = text.as_ref();
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b"_'+-.".contains(&byte);
    let is_label = |label: &str| {
        label.starts_with(|first: char| first.is_ascii_alphanumeric())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let (labels, top) = domain.rsplit_once('.').unwrap_or_default();
        local.bytes().all(is_local)
            && !local.starts_with('.')
            && local.ends_with(|last: char| last.is_ascii_alphanumeric() || "_+-".contains(last))
            && !text.contains("..")
            && labels.split('.').all(is_label)
            && top.len() > 1
            && top.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

/// The code and the message that the author of a rule set for it.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// The `code` of the `ValidationError`.
    pub code: Option<&'static str>,
    /// The message for the client.
    pub message: Option<&'static str>,
}

impl Told {
    /// No code and no message.
    pub const NOTHING: Self = Self { code: None, message: None };
}

impl Broken {
    /// Makes an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty list for a value that may have other broken rules.
    pub(super) fn beside(has_others: bool) -> Self {
        Self { has_others, ..Self::default() }
    }

    /// Returns whether no rule is broken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.nested.is_empty() && !self.has_others
    }

    pub(super) fn said(self) -> impl Iterator<Item = Said> {
        self.rules.into_iter().map(|rule| rule.said)
    }

    /// Returns the result for `Validate`.
    ///
    /// # Errors
    ///
    /// Returns all broken rules as one error.
    #[inline]
    pub fn verdict(self) -> Result<(), ValidationErrors> {
        if self.is_empty() { Ok(()) } else { Err(self.errors()) }
    }

    #[cold]
    fn errors(self) -> ValidationErrors {
        let mut errors = ValidationErrors::new();
        for Rule { field, error, .. } in self.rules {
            errors.add(field, error);
        }
        for (field, inner) in self.nested {
            // validator can store either the errors of a field or those of its content, but not
            // both.
            if errors.errors().contains_key(field) {
                continue;
            }
            match field {
                // The value of a newtype replaces the whole.
                WHOLE => errors.0.extend(inner.0),
                _ => drop(errors.merge_self(field, Err(inner))),
            }
        }
        errors
    }

    #[cold]
    fn note(&mut self, field: &'static str, name: &'static str, told: Told, problem: Problem) {
        let mut error = ValidationError::new(told.code.unwrap_or(name));
        error.message = told.message.map(Cow::Borrowed);
        let said = told.message.map_or(problem.into(), |message| Said::Message(message.to_owned()));
        self.rules.push(Rule { field, said, error });
    }

    /// Checks a rule without limits.
    pub fn test(&mut self, field: &'static str, name: &'static str, told: Told, is_right: bool) {
        if !is_right {
            let custom = || Problem::Custom { code: told.code.unwrap_or(name).to_owned() };
            self.note(field, name, told, of_name(name).unwrap_or_else(custom));
        }
    }

    /// Checks a length against limits: at least, at most, exactly.
    #[inline]
    pub fn length(&mut self, field: &'static str, told: Told, of: Type, count: Option<u64>, limits: [Option<u64>; 3]) {
        if let Some(problem) = count.and_then(|count| out_of_size(of, count, limits)) {
            self.note(field, "length", told, problem);
        }
    }

    /// Checks a number against limits: at least, at most, above, below. It checks the number that
    /// was sent, even if the type cannot hold it.
    pub fn range<T, B>(
        &mut self,
        field: &'static str,
        told: Told,
        // These precede the value. Otherwise the compiler would report each limit of another type
        // separately, too.
        limits: [Option<B>; 4],
        value: Option<&T>,
        got: Option<&Got<'_>>,
    ) where
        T: Ranged<B>,
        B: Serialize + Clone,
    {
        let sent = got.and_then(Got::number);
        let is_broken = |at: usize| match (&limits[at], &sent, value) {
            (Some(limit), Some(sent), _) => {
                let limit = serde_json::to_value(limit).unwrap_or_default();
                limit.as_number().is_some_and(|limit| IS_BROKEN[at](sent, &Num::new(limit)))
            }
            (Some(limit), None, Some(value)) => {
                let only = |place: usize| (place == at).then(|| limit.clone());
                !value.validate_range(only(0), only(1), only(2), only(3))
            }
            _ => false,
        };
        if let Some(at) = (0..4).find(|at| is_broken(*at)) {
            self.out_of_range(field, told, at, serde_json::to_value(&limits[at]).unwrap_or_default());
        }
    }

    #[cold]
    fn out_of_range(&mut self, field: &'static str, told: Told, at: usize, limit: Value) {
        let problem = match limit.as_number() {
            Some(limit) => out_of_range(at, Num::new(limit)),
            None => Problem::Custom { code: "range".to_owned() },
        };
        self.note(field, "range", told, problem);
    }

    /// Checks that a number is a multiple of another. It checks the number that was sent, even if
    /// the type cannot hold it.
    pub fn multiple_of<T: Multiple>(
        &mut self,
        field: &'static str,
        told: Told,
        value: Option<&T>,
        got: Option<&Got<'_>>,
        of: &'static str,
    ) {
        let number = got.and_then(Got::plain_number).or_else(|| value.map(ToString::to_string));
        if number.is_some_and(|number| !is_multiple(&number, of)) {
            let problem = Problem::NotMultipleOf { divisor: of.to_owned() };
            self.note(field, "multiple_of", told, problem);
        }
    }

    /// Checks that a string contains another.
    pub fn contains(&mut self, field: &'static str, told: Told, needle: &'static str, is_right: bool) {
        if !is_right {
            self.note(field, "contains", told, Problem::MustInclude { includes: needle });
        }
    }

    /// Checks that a string matches a regular expression.
    pub fn pattern(&mut self, field: &'static str, told: Told, text: &impl Text, regex: impl Expression) {
        let regex = regex.as_regex();
        if !regex.is_match(text.as_ref()) {
            self.note(field, "regex", told, Problem::InvalidPattern { pattern: regex.as_str().to_owned() });
        }
    }

    /// Adds the result of a custom rule.
    pub fn custom(&mut self, field: &'static str, told: Told, verdict: impl Judged) {
        let Err(mut error) = verdict.verdict() else { return };
        if let Some(code) = told.code {
            error.code = code.into();
        }
        if let Some(message) = told.message {
            error.message = Some(message.into());
        }
        let said = said(&error);
        self.rules.push(Rule { field, said, error });
    }

    /// Adds the rules of a nested value.
    pub fn nested(&mut self, field: &'static str, value: impl Nested) {
        self.nested.extend(value.validate().err().map(|errors| (field, errors)));
    }
}

/// Returns the message for the error of a custom rule.
pub(super) fn said(error: &ValidationError) -> Said {
    match &error.message {
        Some(message) => Said::Message(message.clone().into_owned()),
        None => Problem::Custom { code: error.code.clone().into_owned() }.into(),
    }
}

/// Returns the problem of a rule that its name tells.
pub(super) fn of_name(rule: &str) -> Option<Problem> {
    Some(match rule {
        "email" => Problem::InvalidFormat { format: "email" },
        "url" => Problem::InvalidFormat { format: "url" },
        "ip" => Problem::InvalidFormat { format: "ip" },
        "required" => REQUIRED,
        _ => return None,
    })
}

/// Makes the problem of a length outside its limits: at least, at most, exactly.
#[inline]
pub(super) fn out_of_size(of: Type, count: u64, [min, max, equal]: [Option<u64>; 3]) -> Option<Problem> {
    let least = equal.or(min).filter(|least| count < *least);
    let limit = least.or(equal.or(max).filter(|most| count > *most))?;
    // Equal bounds mean an exact length.
    Some(out_of(of, least.is_some(), limit, equal.is_some() || min == max))
}

/// Makes the problem of a number outside one of the limits of a range: at least, at most, above,
/// below.
pub(super) fn out_of_range(at: usize, limit: Num) -> Problem {
    let (origin, limit, inclusive, exact) = (Type::Number, limit.to_string(), at < 2, false);
    match at % 2 {
        0 => Problem::TooSmall { origin, minimum: limit, inclusive, exact },
        _ => Problem::TooBig { origin, maximum: limit, inclusive, exact },
    }
}

/// The comparison by which each limit of a range is broken, in the order of validator.
pub(super) const IS_BROKEN: [fn(&Num, &Num) -> bool; 4] = [Num::lt, Num::gt, Num::le, Num::ge];

/// validator's name for errors about a type as a whole.
pub(super) const WHOLE: &str = "__all__";
