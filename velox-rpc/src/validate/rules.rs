//! What validator says of broken rules, in the words of Zod.

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::validate::broken::Broken;
use crate::validate::found::{Found, Order};
use crate::validate::number::Num;
use crate::validate::text::{self, Side, Sized};

impl Found {
    /// Puts the rules that are broken to their fields. `names` are those of the fields in Rust, in the order of the type.
    pub fn rules(&mut self, order: &Order<'_>, names: &[&str], broken: Broken) {
        let field = |name: &str| names.iter().position(|known| *known == name).unwrap_or(usize::MAX);
        // That a value is there has been looked at with the fields.
        let of_values = broken.into_rules().into_iter().filter(|rule| rule.name != "required");
        self.put(order, of_values.map(|rule| (field(rule.field), rule.text)).collect());
    }

    /// Whether rules are to be checked here.
    pub fn wants_rules(&self) -> bool {
        self.checks_rules()
    }

    /// Says everything that validator has found, by the names of the fields in Rust.
    pub(super) fn broken(&mut self, errors: &ValidationErrors) {
        let mut entries: Vec<_> = errors.errors().iter().collect();
        entries.sort_by_key(|(name, _)| *name);
        for (name, kind) in entries {
            let name = name.strip_prefix("r#").unwrap_or(name);
            // Said of the type as a whole, or of a list that is the whole.
            match if matches!(name, WHOLE | COLLECTION) { None } else { Some(name) } {
                Some(name) => self.at_key(name, |found| found.broken_field(kind)),
                None => self.broken_field(kind),
            }
        }
    }

    fn broken_field(&mut self, kind: &ValidationErrorsKind) {
        match kind {
            ValidationErrorsKind::Field(errors) => errors.iter().for_each(|error| self.say(message(error))),
            ValidationErrorsKind::Struct(inner) => self.broken(inner),
            ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(index, inner)| self.at_index(*index, |found| found.broken(inner)));
            }
        }
    }
}

fn message(error: &ValidationError) -> String {
    match &error.message {
        Some(message) => message.clone().into_owned(),
        None => rule_text(error),
    }
}

/// The text of a rule without a message. A code of the user's own hides the rule's name, so bounds are told by what they
/// are given as.
fn rule_text(error: &ValidationError) -> String {
    match &*error.code {
        "email" => text::invalid("email"),
        "url" => text::invalid("url"),
        "ip" => text::invalid("ip"),
        "required" => text::REQUIRED.to_owned(),
        _ => size_text(error)
            .or_else(|| range_text(error))
            .or_else(|| needle_text(error))
            .unwrap_or_else(|| text::INVALID.to_owned()),
    }
}

fn size_text(error: &ValidationError) -> Option<String> {
    let (sized, count) = match error.params.get("value")? {
        Value::String(value) => (Sized::Text, value.chars().count()),
        Value::Array(items) => (Sized::List, items.len()),
        // Zod has no text for the size of a map.
        Value::Object(_) if error.code == "length" => return Some(text::INVALID_INPUT.to_owned()),
        _ => return None,
    };
    let size = |name| usize::try_from(error.params.get(name)?.as_u64()?).ok();
    let (min, max) = size("equal").map_or_else(|| (size("min"), size("max")), |equal| (Some(equal), Some(equal)));
    let (side, limit) = match (min, max) {
        (Some(min), _) if count < min => (Side::AtLeast, min),
        (_, Some(max)) if count > max => (Side::AtMost, max),
        _ => return None,
    };
    // Equal bounds are an exact length.
    Some(text::bound(sized, if min == max { Side::Exactly } else { side }, limit))
}

fn range_text(error: &ValidationError) -> Option<String> {
    let value = Num::new(error.params.get("value")?.as_number()?);
    let limit = |name| Some(Num::new(error.params.get(name).and_then(Value::as_number)?));
    let broken = |name, side, is_broken: fn(&Num, &Num) -> bool| {
        let limit = limit(name).filter(|limit| is_broken(&value, limit))?;
        Some(text::bound(Sized::Number, side, limit))
    };
    broken("min", Side::AtLeast, |value, limit| value < limit)
        .or_else(|| broken("exclusive_min", Side::Above, |value, limit| value <= limit))
        .or_else(|| broken("max", Side::AtMost, |value, limit| value > limit))
        .or_else(|| broken("exclusive_max", Side::Below, |value, limit| value >= limit))
}

/// `contains` and its opposite both give a needle; only the first has a text in Zod.
fn needle_text(error: &ValidationError) -> Option<String> {
    let needle = error.params.get("needle")?.as_str()?;
    (error.code == "contains").then(|| text::must_include(needle))
}

/// validator's name for what is said of a struct as a whole.
const WHOLE: &str = "__all__";
/// validator's name for the elements of a collection that is itself the value.
const COLLECTION: &str = "_tmp_validator";
