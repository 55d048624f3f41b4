//! A JSON Schema as a TypeScript type: what a value of it is once JSON is parsed.

use serde_json::{Map, Value};

use super::wide::WideIntegers;
use crate::export::schemas::Schemas;

/// The type, whose further lines are indented by `indent`.
pub(super) fn type_of(schema: &Value, wide: WideIntegers, indent: &str) -> String {
    union(alternatives(schema, wide, indent))
}

/// Whether it is an object and nothing is joined to it.
pub(super) fn is_plain_object(schema: &Value) -> bool {
    let joined = ["$ref", "const", "enum", "allOf", "anyOf", "oneOf"];
    schema.get("type").is_some_and(|name| name == "object")
        && joined.iter().all(|keyword| schema.get(keyword).is_none())
}

/// The types that a value is one of.
fn alternatives(schema: &Value, wide: WideIntegers, indent: &str) -> Vec<String> {
    let members = match schema {
        Value::Object(members) => members,
        Value::Bool(false) => return vec!["never".to_owned()],
        _ => return vec!["unknown".to_owned()],
    };
    if let Some(literal) = members.get("const") {
        return vec![literal.to_string()];
    }
    if let Some(Value::Array(literals)) = members.get("enum") {
        return literals.iter().map(Value::to_string).collect();
    }
    let mut joined: Vec<Vec<String>> = Vec::new();
    joined.extend(Schemas::name_of(schema).map(|name| vec![name.to_owned()]));
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = members.get(keyword) {
            joined.push(variants.iter().flat_map(|variant| alternatives(variant, wide, indent)).collect());
        }
    }
    if let Some(Value::Array(parts)) = members.get("allOf") {
        joined.extend(parts.iter().map(|part| alternatives(part, wide, indent)));
    }
    // Beside what it is joined to, `"type": "object"` alone says nothing more.
    if joined.is_empty() || members.contains_key("properties") || members.contains_key("additionalProperties") {
        joined.push(by_type(members, wide, indent));
    }
    if joined.len() == 1 {
        return joined.remove(0);
    }
    vec![joined.into_iter().map(|types| grouped(union(types))).collect::<Vec<_>>().join(" & ")]
}

fn by_type(members: &Map<String, Value>, wide: WideIntegers, indent: &str) -> Vec<String> {
    let of = |name: &Value| match name.as_str() {
        Some("string") => "string".to_owned(),
        Some("integer") => wide.type_of(members.get("format")).to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => array(members, wide, indent),
        Some("object") => object(members, wide, indent),
        _ => "unknown".to_owned(),
    };
    match members.get("type") {
        Some(Value::Array(names)) => names.iter().map(of).collect(),
        Some(name) => vec![of(name)],
        None if members.contains_key("properties") => vec![object(members, wide, indent)],
        None => vec!["unknown".to_owned()],
    }
}

fn array(members: &Map<String, Value>, wide: WideIntegers, indent: &str) -> String {
    let rest = match members.get("items") {
        None | Some(Value::Bool(true)) => "unknown[]".to_owned(),
        Some(items) => format!("{}[]", grouped(type_of(items, wide, indent))),
    };
    let Some(Value::Array(first)) = members.get("prefixItems") else { return rest };
    let mut items: Vec<_> = first.iter().map(|item| type_of(item, wide, indent)).collect();
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let ends = members.get("items") == Some(&Value::Bool(false))
        || members.get("maxItems").and_then(Value::as_u64).is_some_and(|most| most <= count);
    if !ends {
        items.push(format!("...{rest}"));
    }
    format!("[{}]", items.join(", "))
}

fn object(members: &Map<String, Value>, wide: WideIntegers, indent: &str) -> String {
    let others = members.get("additionalProperties").filter(|others| **others != Value::Bool(false));
    let properties = members.get("properties").and_then(Value::as_object).filter(|properties| !properties.is_empty());
    let inner = format!("{indent}  ");
    let Some(properties) = properties else {
        return match (others, members.get("additionalProperties")) {
            (Some(others), _) => format!("{{ [key: string]: {} }}", type_of(others, wide, indent)),
            (None, Some(_)) => "{ [key: string]: never }".to_owned(),
            (None, None) => "{ [key: string]: unknown }".to_owned(),
        };
    };
    let required = members.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut text = "{\n".to_owned();
    for (name, property) in properties {
        let deprecated = property.get("deprecated").is_some_and(|deprecated| *deprecated == Value::Bool(true));
        let description = property.get("description").and_then(Value::as_str);
        text.push_str(&comment([description, wide.note(property).as_deref()], deprecated.then_some(""), &inner));
        let mut types = alternatives(property, wide, &inner);
        let mark = if required.iter().any(|required| required == name) {
            ""
        } else {
            types.push("undefined".to_owned());
            "?"
        };
        text.push_str(&format!("{inner}{}{mark}: {};\n", key(name), union(types)));
    }
    if others.is_some() {
        // A type of its own would have to fit the properties too.
        text.push_str(&format!("{inner}[key: string]: unknown;\n"));
    }
    text + indent + "}"
}

/// Each alternative once.
fn union(types: Vec<String>) -> String {
    let mut kept: Vec<String> = Vec::new();
    for one in types {
        if one == "unknown" {
            return one;
        }
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    if kept.is_empty() { "never".to_owned() } else { kept.join(" | ") }
}

/// In parentheses where something is put behind it. What is inside brackets binds by itself.
fn grouped(text: String) -> String {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let is_joined = text.chars().any(|letter| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            '|' | '&' => return depth == 0,
            _ => {}
        }
        false
    });
    if is_joined { format!("({text})") } else { text }
}

/// A key as it stands in an object type.
pub(super) fn key(name: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == '$';
    let is_plain =
        name.starts_with(is_letter) && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// A JSDoc comment and the end of its line; nothing, where nothing is to be said.
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
