//! Inputs: fields that may be missing, and aliases.

use std::collections::HashMap;

use velox_rpc::schema;

use super::Table;

#[schema]
struct Filter {
    /// Needed.
    word: String,
    limit: Option<u8>,
    #[schema(nullable)]
    owner: Option<String>,
    #[serde(default)]
    page: u32,
    #[serde(default = "ten")]
    size: Option<u32>,
    #[serde(alias = "sort_by")]
    order: Option<Order>,
    #[serde(rename(serialize = "written", deserialize = "read"), default)]
    renamed: bool,
    #[serde(skip_deserializing)]
    written_only: u8,
    #[serde(skip_serializing, default)]
    #[expect(dead_code, reason = "it is not written")]
    read_only: u8,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is not written")]
    skipped: u8,
}

fn ten() -> Option<u32> {
    Some(10)
}

#[schema]
enum Order {
    Newest,
    By {
        field: String,
        #[serde(default)]
        descending: bool,
    },
}

#[schema]
#[serde(default)]
#[derive(Default)]
struct Settings {
    dark: bool,
    size: u8,
    nested: Nested,
}

#[schema]
#[derive(Default)]
struct Nested {
    needed: u8,
    #[serde(default)]
    optional: u8,
}

#[schema]
struct Flat {
    id: u8,
    #[serde(flatten)]
    settings: Settings,
    #[serde(flatten)]
    others: HashMap<String, u8>,
}

#[schema]
#[serde(tag = "kind", deny_unknown_fields)]
enum Event {
    Opened,
    Moved {
        x: f64,
        #[serde(default)]
        y: f64,
    },
    #[serde(other)]
    Unknown,
}

#[schema]
#[serde(transparent)]
struct Ids(Vec<u64>);

pub(super) fn rows(table: &mut Table) {
    table.reads::<Filter>(
        &[
            r#"{"word": "a"}"#,
            r#"{"word": "a", "limit": null, "owner": null, "order": null}"#,
            r#"{"word": "a", "limit": 1, "owner": "b", "page": 2, "size": 3, "order": "newest", "read": true, "readOnly": 1}"#,
            r#"{"word": "a", "size": null, "order": {"by": {"field": "b"}}}"#,
            r#"{"word": "a", "order": {"by": {"field": "b", "descending": true}}}"#,
        ],
        &[
            "{}",
            r#"{"word": null}"#,
            r#"{"word": "a", "limit": "1"}"#,
            r#"{"word": "a", "page": null}"#,
            r#"{"word": "a", "order": "oldest"}"#,
            r#"{"word": "a", "order": {"by": {}}}"#,
            r#"{"word": "a", "more": 1}"#,
            // An alias is only for old callers, so it is not exported.
            r#"{"word": "a", "sort_by": "newest"}"#,
            r#"{"word": "a", "written": true}"#,
            r#"{"word": "a", "writtenOnly": 1}"#,
            r#"{"word": "a", "skipped": 1}"#,
        ],
    );
    table.reads::<Settings>(
        &["{}", r#"{"dark": true, "nested": {"needed": 1}}"#, r#"{"nested": {"needed": 1, "optional": 2}}"#],
        &[r#"{"dark": null}"#, r#"{"nested": {}}"#, r#"{"light": true}"#],
    );
    table.reads::<Flat>(&[r#"{"id": 1}"#, r#"{"id": 1, "size": 2, "x": 3}"#], &["{}", r#"{"id": 1, "dark": 1}"#]);
    table.reads::<Event>(
        &[r#"{"kind": "opened"}"#, r#"{"kind": "moved", "x": 1}"#, r#"{"kind": "moved", "x": 1, "y": 2}"#],
        &["{}", r#"{"kind": "moved"}"#, r#"{"kind": "moved", "x": 1, "z": 2}"#, r#"{"kind": "opened", "x": 1}"#],
    );
    table.reads::<Ids>(&["[]", "[1, 2]"], &[r#"["1"]"#, "{}"]);
    table.reads::<Vec<Filter>>(&[r#"[{"word": "a"}]"#], &["[{}]", "{}"]);
}
