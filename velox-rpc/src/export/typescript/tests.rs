//! Tests the TypeScript type of each kind of schema.

use serde_json::{Value, json};

use super::WideIntegers;
use super::types::{Style, comment, key, type_of};

fn of(schema: &Value) -> String {
    type_of(schema, Style::json(WideIntegers::Number), "")
}

#[test]
fn schemas_become_types() {
    for (schema, expected) in [
        (json!(true), "unknown"),
        (json!(false), "never"),
        (json!({}), "unknown"),
        (json!({"type": "string", "format": "date-time"}), "string"),
        (json!({"type": "integer"}), "number"),
        (json!({"type": ["boolean", "null"]}), "boolean | null"),
        (json!({"const": "a\"b"}), "\"a\\\"b\""),
        (json!({"enum": ["a", 1, null]}), "\"a\" | 1 | null"),
        (json!({"type": "array"}), "unknown[]"),
        (json!({"type": "array", "items": {"type": ["string", "null"]}}), "(string | null)[]"),
        (json!({"type": "array", "items": {"enum": ["a|b"]}}), "\"a|b\"[]"),
        (json!({"type": "array", "prefixItems": [{"type": "string"}], "items": false}), "[string]"),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "null"}}),
            "[string, ...null[]]",
        ),
        (json!({"type": "object"}), "{ [key: string]: unknown }"),
        (json!({"type": "object", "additionalProperties": {"type": "number"}}), "{ [key: string]: number }"),
        (json!({"type": "object", "additionalProperties": false}), "{ [key: string]: never }"),
        (
            json!({"type": "object", "additionalProperties": false, "patternProperties": {"^\\d+$": {"type": "null"}}}),
            "{ [key: number | `${bigint}`]: null }",
        ),
        (json!({"type": "object", "patternProperties": {"^a": {"type": "null"}}}), "{ [key: string]: null }"),
        (json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}), "A | null"),
        (json!({"oneOf": [{"type": "string"}, {"enum": ["a"]}, {"type": "string"}]}), "string | \"a\""),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"const": 1}, {"const": 2}]}),
            "(1 | 2) & {\n  a?: string | undefined;\n}",
        ),
        (
            json!({
                "oneOf": [{"properties": {"a": {"description": "( \"", "type": "null"}}}, {"type": "null"}],
                "properties": {"b": true},
            }),
            "({\n  /** ( \" */\n  a?: null | undefined;\n} | null) & {\n  b?: unknown;\n}",
        ),
        (
            json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {}], "properties": {"b": true}}),
            "(A | {}) & {\n  b?: unknown;\n}",
        ),
        (
            json!({
                "anyOf": [{"$ref": "#/components/schemas/A"}],
                "properties": {"b": {"type": "null"}},
                "unevaluatedProperties": {"type": "string"},
            }),
            "A & {\n  b?: null | undefined;\n  [key: string]: unknown;\n}",
        ),
        (
            json!({"oneOf": [{"const": "a", "description": "The first."}, {"const": "b", "description": ""}]}),
            "/** The first. */ \"a\" | \"b\"",
        ),
        (json!({"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}), "A & B"),
    ] {
        assert_eq!(of(&schema), expected, "{schema}");
    }
}

#[test]
fn keys_are_quoted_if_necessary() {
    assert_eq!(key("postId"), "postId");
    assert_eq!(key("made-by"), "\"made-by\"");
    assert_eq!(key("1st"), "\"1st\"");
    assert_eq!(key("a\"b"), "\"a\\\"b\"");
    assert_eq!(key(""), "\"\"");
}

#[test]
fn a_comment_cannot_be_closed_early() {
    assert_eq!(comment([Some("Ends */ here.")], None, ""), "/** Ends *\\/ here. */\n");
    assert_eq!(
        comment([Some("One.\n\nTwo.")], Some("use it"), "  "),
        "  /**\n   * One.\n   *\n   * Two.\n   * @deprecated use it\n   */\n"
    );
    assert_eq!(comment([Some("  "), None], None, ""), "");
}

#[test]
fn wide_integers_get_the_configured_type() {
    let integer = |format: &str| json!({"type": "integer", "format": format});
    let wide = json!({"type": ["integer", "null"], "format": "uint64", "minimum": 0});
    let list = json!({"type": "array", "items": {"anyOf": [integer("int128"), {"type": "string"}]}});
    for (schema, as_bigint, as_string, note) in [
        (integer("int32"), "number", "number", None),
        (integer("int64"), "bigint", "string", Some("64-bit integer")),
        (integer("uint"), "bigint", "string", Some("64-bit integer")),
        (wide, "bigint | null", "string | null", Some("64-bit integer")),
        (list, "(bigint | string)[]", "string[]", Some("128-bit integers")),
        (json!({"type": "number", "format": "double"}), "number", "number", None),
        (json!({"type": "object", "patternProperties": {"^a$": integer("int64")}}), "_", "_", Some("64-bit integers")),
        (json!({"type": "object", "properties": {"marked": integer("int64")}}), "_", "_", None),
    ] {
        for (setting, expected) in [(WideIntegers::BigInt, as_bigint), (WideIntegers::Text, as_string)] {
            assert!(expected == "_" || type_of(&schema, Style::json(setting), "") == expected, "{schema}");
            assert_eq!(setting.note(&schema), note.map(|note| format!("{note}.")), "{schema}");
        }
        let note = note.map(|note| format!("{note}, exact up to 2^53."));
        assert_eq!(WideIntegers::Number.note(&schema), note, "{schema}");
    }
}

#[test]
fn with_superjson_values_are_of_the_classes_of_javascript() {
    let date = json!({"type": "string", "format": "date-time"});
    for (schema, expected, of_json) in [
        (date.clone(), "Date", "string"),
        (json!({"type": ["string", "null"], "format": "date-time"}), "Date | null", "string | null"),
        (json!({"type": "string", "format": "date"}), "string", "string"),
        (json!({"type": "integer", "format": "uint64"}), "bigint", "number"),
        (json!({"type": "integer", "format": "uint32"}), "number", "number"),
        (json!({"type": "array", "uniqueItems": true, "items": date}), "Set<Date>", "string[]"),
        (json!({"type": "array", "uniqueItems": true}), "Set<unknown>", "unknown[]"),
        (
            json!({"type": "object", "patternProperties": {"^\\d+$": date}, "additionalProperties": false}),
            "Map<number, Date>",
            "{ [key: number | `${bigint}`]: string }",
        ),
        (
            json!({"type": "object", "additionalProperties": date}),
            "{ [key: string]: Date }",
            "{ [key: string]: string }",
        ),
        (
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}),
            "number",
            r#"number | "NaN" | "Infinity" | "-Infinity""#,
        ),
    ] {
        assert_eq!(type_of(&schema, Style::superjson(), ""), expected, "{schema}");
        assert_eq!(of(&schema), of_json, "{schema}");
    }
}
