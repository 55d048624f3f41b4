//! A JSON Schema as it is walked: nodes in one list, which refer to each other by place, so that a recursive type is a
//! cycle of numbers.

use std::collections::HashMap;

use regex::Regex;

use crate::validate::choices::Choices;
use crate::validate::scalar::{NumberRules, TextRules};
use crate::validate::types::Types;
use crate::validate::union::Union;

/// A node's place in the list.
pub(super) type At = usize;

/// Everything one schema object says.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) types: Types,
    /// The type is `integer`, so a fraction is refused.
    pub(super) is_integer: bool,
    pub(super) choices: Option<Choices>,
    pub(super) text: Option<TextRules>,
    pub(super) number: Option<NumberRules>,
    pub(super) list: Option<ListRules>,
    pub(super) object: Option<ObjectRules>,
    /// `$ref` and `allOf`: what the value has to be as well.
    pub(super) also: Vec<At>,
    /// `anyOf` and `oneOf`.
    pub(super) unions: Vec<Union>,
    pub(super) messages: Messages,
    /// The field's name in Rust, where the wire name does not tell it.
    pub(super) rust_name: Option<String>,
}

impl Node {
    /// A node that takes anything.
    pub(super) fn any() -> Node {
        Node {
            types: Types::ANY,
            is_integer: false,
            choices: None,
            text: None,
            number: None,
            list: None,
            object: None,
            also: Vec::new(),
            unions: Vec::new(),
            messages: Messages::default(),
            rust_name: None,
        }
    }
}

/// Texts of the user's own, by rule.
#[derive(Debug, Default)]
pub(super) struct Messages(pub(super) HashMap<String, String>);

impl Messages {
    /// The user's text for `rule`, else `text`.
    pub(super) fn or(&self, rule: &str, text: impl FnOnce() -> String) -> String {
        self.0.get(rule).cloned().unwrap_or_else(text)
    }
}

#[derive(Debug)]
pub(super) struct ListRules {
    /// `prefixItems`: a tuple.
    pub(super) first: Vec<At>,
    pub(super) rest: Option<At>,
    pub(super) min: Option<usize>,
    pub(super) max: Option<usize>,
    /// `uniqueItems`, which schemars says of sets. serde drops repeats, so it is no rule here; it tells that validator
    /// counts the elements in an order of its own.
    pub(super) is_set: bool,
}

#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    /// In the order of the schema.
    pub(super) properties: Vec<Property>,
    pub(super) by_name: HashMap<String, usize>,
    pub(super) patterns: Vec<(Regex, At)>,
    pub(super) others: Others,
    /// `unevaluatedProperties`: keys that neither this node nor a part of it names.
    pub(super) unnamed: Others,
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) node: At,
    pub(super) is_required: bool,
}

/// What becomes of keys that have no name in the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Others {
    /// Dropped, as serde does.
    #[default]
    Dropped,
    Refused,
    /// Taken, whatever they hold.
    Taken,
    Each(At),
}

impl Others {
    pub(super) fn is_open(self) -> bool {
        matches!(self, Others::Taken | Others::Each(_))
    }
}
