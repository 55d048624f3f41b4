//! Turns a JSON Schema into the TypeScript type of its parsed values.

use serde_json::{Map, Value};

use super::wide::WideIntegers;
use crate::export::schemas::Schemas;
use crate::json_schema::properties;
use crate::router::beyond_json;

/// The way in which the client parses JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) wide: WideIntegers,
    /// `true` if superjson restores the JavaScript types that JSON lacks.
    pub(super) superjson: bool,
}

impl Style {
    pub(super) fn json(wide: WideIntegers) -> Self {
        Self { wide, superjson: false }
    }

    pub(super) fn superjson() -> Self {
        Self { wide: WideIntegers::BigInt, superjson: true }
    }
}

/// Returns the type as text. Every line after the first is indented by `indent`.
pub(super) fn type_of(schema: &Value, style: Style, indent: &str) -> String {
    union(alternatives(schema, style, indent)).text
}

/// Returns whether the schema is an object that is not joined with another schema.
pub(super) fn is_plain_object(schema: &Value) -> bool {
    let joined = ["$ref", "const", "enum", "allOf", "anyOf", "oneOf"];
    schema.get("type").is_some_and(|name| name == "object")
        && joined.iter().all(|keyword| schema.get(keyword).is_none())
}

/// A type as text.
#[derive(Clone)]
struct Type {
    text: String,
    /// `true` if it is a union or an intersection, which needs parentheses inside a larger type.
    is_joined: bool,
}

impl Type {
    fn one(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_joined: false }
    }

    fn grouped(self) -> String {
        if self.is_joined { format!("({})", self.text) } else { self.text }
    }
}

/// Returns the types that form a union for this schema.
fn alternatives(schema: &Value, style: Style, indent: &str) -> Vec<Type> {
    let members = match schema {
        Value::Object(members) => members,
        Value::Bool(false) => return vec![Type::one("never")],
        _ => return vec![Type::one("unknown")],
    };
    if let Some(literal) = members.get("const") {
        return vec![Type::one(literal.to_string())];
    }
    if style.superjson && beyond_json::is_non_finite(members) {
        return vec![Type::one("number")];
    }
    if let Some(Value::Array(literals)) = members.get("enum") {
        return literals.iter().map(|literal| Type::one(literal.to_string())).collect();
    }
    let mut joined: Vec<Vec<Type>> = Vec::new();
    joined.extend(Schemas::name_of(schema).map(|name| vec![Type::one(name)]));
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = members.get(keyword) {
            joined.push(variants.iter().flat_map(|variant| commented(variant, style, indent)).collect());
        }
    }
    if let Some(Value::Array(parts)) = members.get("allOf") {
        joined.extend(parts.iter().map(|part| alternatives(part, style, indent)));
    }
    // In a joined schema, `"type": "object"` alone adds nothing.
    let has_keys =
        ["properties", "patternProperties", "additionalProperties"].iter().any(|&keys| members.contains_key(keys))
            || has_rest(members);
    if joined.is_empty() || has_keys {
        joined.push(by_type(members, style, indent));
    }
    if joined.len() == 1 {
        return joined.remove(0);
    }
    // A flattened `Option` may add nothing, which is `{}` beside the keys of others.
    for types in joined.iter_mut().filter(|types| types.len() > 1) {
        types.iter_mut().filter(|one| one.text == "unknown").for_each(|one| "{}".clone_into(&mut one.text));
    }
    let parts: Vec<_> = joined.into_iter().map(|types| union(types).grouped()).collect();
    vec![Type { text: parts.join(" & "), is_joined: true }]
}

/// Returns the types of a variant. If it has a single type, the variant's comment precedes it.
fn commented(variant: &Value, style: Style, indent: &str) -> Vec<Type> {
    let mut types = alternatives(variant, style, indent);
    if let ([one], Some(description)) = (types.as_mut_slice(), variant.get("description").and_then(Value::as_str)) {
        let comment = comment([Some(description)], None, indent);
        one.text = format!("{} {}", comment.trim(), one.text).trim_start().to_owned();
    }
    types
}

fn by_type(members: &Map<String, Value>, style: Style, indent: &str) -> Vec<Type> {
    let of = |name: &Value| {
        Type::one(match name.as_str() {
            Some("string") if style.superjson && beyond_json::is_date(members) => "Date".to_owned(),
            Some("string") => "string".to_owned(),
            Some("integer") => style.wide.type_of(members).to_owned(),
            Some("number") => "number".to_owned(),
            Some("boolean") => "boolean".to_owned(),
            Some("null") => "null".to_owned(),
            Some("array") => array(members, style, indent),
            Some("object") => object(members, style, indent),
            _ => "unknown".to_owned(),
        })
    };
    match members.get("type") {
        Some(Value::Array(names)) => names.iter().map(of).collect(),
        Some(name) => vec![of(name)],
        None if members.contains_key("properties") => vec![Type::one(object(members, style, indent))],
        None => vec![Type::one("unknown")],
    }
}

fn array(members: &Map<String, Value>, style: Style, indent: &str) -> String {
    let item = match members.get("items") {
        None | Some(Value::Bool(true)) => Type::one("unknown"),
        Some(items) => union(alternatives(items, style, indent)),
    };
    if style.superjson && beyond_json::is_set(members) {
        return format!("Set<{}>", item.text);
    }
    let rest = format!("{}[]", item.grouped());
    let Some(Value::Array(first)) = members.get("prefixItems") else { return rest };
    let mut items: Vec<_> = first.iter().map(|item| type_of(item, style, indent)).collect();
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let ends = members.get("items") == Some(&Value::Bool(false))
        || members.get("maxItems").and_then(Value::as_u64).is_some_and(|most| most <= count);
    if !ends {
        items.push(format!("...{rest}"));
    }
    format!("[{}]", items.join(", "))
}

fn object(members: &Map<String, Value>, style: Style, indent: &str) -> String {
    let properties = Some(properties(members)).filter(|properties| !properties.is_empty());
    let others = other_keys(members, style, indent);
    let inner = format!("{indent}  ");
    let Some(properties) = properties else {
        return match (others, members.get("additionalProperties")) {
            (Some((_, types)), _) if style.superjson && beyond_json::is_map(members) => format!("Map<number, {types}>"),
            (Some((keys, types)), _) => format!("{{ [key: {keys}]: {types} }}"),
            (None, Some(_)) => "{ [key: string]: never }".to_owned(),
            (None, None) => "{ [key: string]: unknown }".to_owned(),
        };
    };
    let required = members.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut text = "{\n".to_owned();
    for (name, property) in properties {
        let deprecated = property.get("deprecated").is_some_and(|deprecated| *deprecated == Value::Bool(true));
        let description = property.get("description").and_then(Value::as_str);
        text.push_str(&comment([description, style.wide.note(property).as_deref()], deprecated.then_some(""), &inner));
        let mut types = alternatives(property, style, &inner);
        let mark = if required.iter().any(|required| required == name) {
            ""
        } else {
            types.push(Type::one("undefined"));
            "?"
        };
        text.push_str(&format!("{inner}{}{mark}: {};\n", key(name), union(types).text));
    }
    if let Some((keys, types)) = others {
        // In TypeScript, a string index signature must fit the properties too, so only `unknown` is
        // safe.
        let types = if keys == NUMBERS { types } else { "unknown".to_owned() };
        text.push_str(&format!("{inner}[key: {keys}]: {types};\n"));
    }
    text + indent + "}"
}

/// Returns the type of the keys that an object accepts beside its properties, and the type of their
/// values.
fn other_keys(members: &Map<String, Value>, style: Style, indent: &str) -> Option<(&'static str, String)> {
    if has_rest(members) {
        // The properties of a flattened enum have to fit too.
        return Some(("string", "unknown".to_owned()));
    }
    let others = members.get("additionalProperties").filter(|others| **others != Value::Bool(false));
    let patterns = members.get("patternProperties").and_then(Value::as_object);
    let patterns = || patterns.into_iter().flatten();
    let schemas = others.into_iter().chain(patterns().map(|(_, schema)| schema));
    let types: Vec<_> = schemas.flat_map(|schema| alternatives(schema, style, indent)).collect();
    let are_numbers = others.is_none() && patterns().all(|(pattern, _)| beyond_json::is_integer_pattern(pattern));
    (!types.is_empty()).then(|| (if are_numbers { NUMBERS } else { "string" }, union(types).text))
}

/// Returns whether a joined object accepts keys that no part of it names, such as those of a map
/// that is flattened beside an enum.
fn has_rest(members: &Map<String, Value>) -> bool {
    members.get("unevaluatedProperties").is_some_and(|others| *others != Value::Bool(false))
}

/// Joins the alternatives into a union without duplicates.
fn union(types: Vec<Type>) -> Type {
    let mut kept: Vec<Type> = Vec::new();
    for one in types {
        if one.text == "unknown" {
            return one;
        }
        if kept.iter().all(|other| other.text != one.text) {
            kept.push(one);
        }
    }
    match kept.as_slice() {
        [] => Type::one("never"),
        [one] => one.clone(),
        several => {
            let texts: Vec<_> = several.iter().map(|one| one.text.as_str()).collect();
            Type { text: texts.join(" | "), is_joined: true }
        }
    }
}

/// Returns a key for an object type, quoted if necessary.
pub(super) fn key(name: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == '$';
    let is_plain =
        name.starts_with(is_letter) && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// Returns a JSDoc comment with a line break at its end, or an empty string if it has no text.
pub(super) fn comment<const N: usize>(about: [Option<&str>; N], deprecated: Option<&str>, indent: &str) -> String {
    let deprecated = deprecated.map(|note| format!("@deprecated {note}"));
    let parts = about.into_iter().chain([deprecated.as_deref()]).flatten().map(str::trim);
    let text = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n").replace("*/", "*\\/");
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let body: String =
                lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}

/// The type of integer keys. A key that is too long for a `number` is a `bigint` in text form.
const NUMBERS: &str = "number | `${bigint}`";
