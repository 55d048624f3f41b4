//! Translates validator's errors into the codes of Zod.

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::error::{Problem, Type};
use crate::validate::broken::{IS_BROKEN, WHOLE, of_name, out_of_range, out_of_size, said};
use crate::validate::found::{Cause, Found};
use crate::validate::got::Said;
use crate::validate::number::Num;

impl Found {
    /// Adds everything that validator found, with the fields' Rust names.
    pub(super) fn refused_by_validator(&mut self, errors: &ValidationErrors) {
        self.because(Cause::Rule, |found| found.broken_fields(errors));
    }

    fn broken_fields(&mut self, errors: &ValidationErrors) {
        let mut entries: Vec<_> = errors.errors().iter().collect();
        entries.sort_by_key(|(name, _)| *name);
        for (name, kind) in entries {
            let name = name.strip_prefix("r#").unwrap_or(name);
            // These are about the type as a whole, or about a list that is the whole input.
            match if matches!(name, WHOLE | COLLECTION) { None } else { Some(name) } {
                Some(name) => self.at_key(name, |found| found.broken_field(kind)),
                None => self.broken_field(kind),
            }
        }
    }

    fn broken_field(&mut self, kind: &ValidationErrorsKind) {
        match kind {
            ValidationErrorsKind::Field(errors) => errors.iter().for_each(|error| self.say(of_rule(error))),
            ValidationErrorsKind::Struct(inner) => self.broken_fields(inner),
            ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(index, inner)| self.at_index(*index, |found| found.broken_fields(inner)));
            }
        }
    }
}

/// Returns the message for a rule. A custom code hides the rule's name, so limits are recognized by
/// their parameters.
fn of_rule(error: &ValidationError) -> Said {
    let problem = || of_name(&error.code).or_else(|| of_size(error)).or_else(|| of_range(error));
    let problem = if error.message.is_none() { problem() } else { None };
    problem.map_or_else(|| said(error), Said::Problem)
}

fn of_size(error: &ValidationError) -> Option<Problem> {
    let (origin, count) = match error.params.get("value")? {
        Value::String(value) => (Type::Text, value.chars().count()),
        Value::Array(items) => (Type::Array, items.len()),
        Value::Object(entries) => (Type::Record, entries.len()),
        _ => return None,
    };
    let limits = ["min", "max", "equal"].map(|name| error.params.get(name)?.as_u64());
    out_of_size(origin, u64::try_from(count).ok()?, limits)
}

fn of_range(error: &ValidationError) -> Option<Problem> {
    let value = Num::new(error.params.get("value")?.as_number()?);
    ["min", "max", "exclusive_min", "exclusive_max"].into_iter().zip(IS_BROKEN).enumerate().find_map(
        |(at, (name, is_broken))| {
            let limit = Num::new(error.params.get(name).and_then(Value::as_number)?);
            is_broken(&value, &limit).then(|| out_of_range(at, limit))
        },
    )
}

/// validator's name for the elements of a collection that is itself the value.
const COLLECTION: &str = "_tmp_validator";
