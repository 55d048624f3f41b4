use serde_json::{Value, json};

use super::types::{comment, key, type_of};

fn of(schema: &Value) -> String {
    type_of(schema, "")
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
        (json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}), "A | null"),
        (json!({"oneOf": [{"type": "string"}, {"enum": ["a"]}, {"type": "string"}]}), "string | \"a\""),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"const": 1}, {"const": 2}]}),
            "(1 | 2) & {\n  a?: string | undefined;\n}",
        ),
        (json!({"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}), "A & B"),
    ] {
        assert_eq!(of(&schema), expected, "{schema}");
    }
}

#[test]
fn keys_are_quoted_where_they_have_to_be() {
    assert_eq!(key("postId"), "postId");
    assert_eq!(key("made-by"), "\"made-by\"");
    assert_eq!(key("1st"), "\"1st\"");
    assert_eq!(key("a\"b"), "\"a\\\"b\"");
    assert_eq!(key(""), "\"\"");
}

#[test]
fn a_comment_ends_where_it_should() {
    assert_eq!(comment(Some("Ends */ here."), None, ""), "/** Ends *\\/ here. */\n");
    assert_eq!(
        comment(Some("One.\n\nTwo."), Some("use it"), "  "),
        "  /**\n   * One.\n   *\n   * Two.\n   * @deprecated use it\n   */\n"
    );
    assert_eq!(comment(Some("  "), None, ""), "");
}
