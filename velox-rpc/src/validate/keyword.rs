//! The keywords of one schema object that need no other schema.

use regex::Regex;
use serde_json::{Map, Value};

use crate::validate::choices::Choices;
use crate::validate::format::Format;
use crate::validate::literal::literal_text;
use crate::validate::node::Messages;
use crate::validate::number::Num;
use crate::validate::scalar::{Bound, NumberRules, Pattern, TextRules, bounds_of_type};
use crate::validate::text::Side;
use crate::validate::types::Types;

pub(super) fn types(schema: &Map<String, Value>) -> (Types, bool) {
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return (Types::ANY, false),
    };
    let types = names.iter().fold(Types::NONE, |types, name| types.or(Types::named(name)));
    (types, names.contains(&"integer") && !names.contains(&"number"))
}

pub(super) fn choices(schema: &Map<String, Value>) -> Option<Choices> {
    if let Some(only) = schema.get("const") {
        return Some(Choices::new(vec![only.clone()], true));
    }
    let values = schema.get("enum")?.as_array()?;
    Some(Choices::new(values.clone(), false))
}

pub(super) fn text_rules(schema: &Map<String, Value>) -> Option<TextRules> {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let rules = TextRules {
        min: size(schema, "minLength"),
        max: size(schema, "maxLength"),
        format: schema.get("format").and_then(Value::as_str).and_then(Format::named),
        pattern: pattern
            .and_then(|pattern| Some(Pattern { regex: Regex::new(pattern).ok()?, needle: literal_text(pattern) })),
    };
    let is_bare = rules.min.is_none() && rules.max.is_none() && rules.format.is_none() && rules.pattern.is_none();
    (!is_bare).then_some(rules)
}

pub(super) fn number_rules(schema: &Map<String, Value>, is_integer: bool) -> Option<NumberRules> {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let of_type = if is_integer { bounds_of_type(format) } else { None };
    let mut bounds = Vec::new();
    for (keyword, side, type_limit) in [
        ("minimum", Side::AtLeast, of_type.map(|(min, _)| min)),
        ("exclusiveMinimum", Side::Above, None),
        ("maximum", Side::AtMost, of_type.map(|(_, max)| max)),
        ("exclusiveMaximum", Side::Below, None),
    ] {
        let written = num(schema, keyword);
        let limit = written.or(type_limit.map(Num::Int));
        bounds.extend(limit.map(|limit| Bound {
            side,
            limit,
            of_type: type_limit.is_some_and(|type_limit| limit == Num::Int(type_limit)),
        }));
    }
    let rules =
        NumberRules { bounds, step: num(schema, "multipleOf"), is_wide: matches!(format, "int128" | "uint128") };
    (is_integer || !rules.bounds.is_empty() || rules.step.is_some()).then_some(rules)
}

pub(super) fn messages(schema: &Map<String, Value>) -> Messages {
    let texts = map(schema, "x-velox-messages");
    let texts = texts.filter_map(|(rule, text)| Some((rule.clone(), text.as_str()?.to_owned())));
    Messages(texts.collect())
}

pub(super) fn map<'s>(
    schema: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'s String, &'s Value)> + use<'s> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flatten()
}

pub(super) fn size(schema: &Map<String, Value>, keyword: &str) -> Option<usize> {
    usize::try_from(schema.get(keyword)?.as_u64()?).ok()
}

fn num(schema: &Map<String, Value>, keyword: &str) -> Option<Num> {
    Some(Num::new(schema.get(keyword)?.as_number()?))
}
