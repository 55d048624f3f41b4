//! `anyOf` and `oneOf`: what kind of choice they are, so that one variant's issues can be told where it is clear which
//! was meant.

use std::collections::HashMap;

use serde_json::Value;

use crate::validate::choices::Choices;
use crate::validate::node::{At, Node, Others};
use crate::validate::text;
use crate::validate::types::Types;

#[derive(Debug)]
pub(super) struct Union {
    /// As written, null left out.
    pub(super) variants: Vec<At>,
    pub(super) takes_null: bool,
    pub(super) form: Form,
}

#[derive(Debug)]
pub(super) enum Form {
    /// Nothing but null beside it: an `Option`.
    One(At),
    /// Listed texts.
    Enum(Choices),
    /// An internally or adjacently tagged enum, Zod's discriminated union.
    Tagged(Tagged),
    /// An externally tagged enum: the one key names the variant, a text a variant without content.
    External(HashMap<String, At>, Vec<Value>),
    Plain,
}

#[derive(Debug)]
pub(super) struct Tagged {
    pub(super) tag: String,
    pub(super) by_value: HashMap<String, At>,
    pub(super) options: String,
}

/// Finds the form of every union, once all nodes are there.
pub(super) fn link(nodes: &mut [Node]) {
    for at in 0..nodes.len() {
        let mut unions = std::mem::take(&mut nodes[at].unions);
        for union in &mut unions {
            let is_null = |variant: &At| nodes[*variant].types == Types::NULL;
            union.takes_null |= union.variants.iter().any(is_null);
            union.variants.retain(|variant| !is_null(variant));
            union.form = form(nodes, &union.variants);
        }
        nodes[at].unions = unions;
    }
}

fn form(nodes: &[Node], variants: &[At]) -> Form {
    if let [only] = variants {
        return Form::One(*only);
    }
    if let Some(choices) = listed(nodes, variants) {
        return Form::Enum(choices);
    }
    if let Some(tagged) = tagged(nodes, variants) {
        return Form::Tagged(tagged);
    }
    external(nodes, variants).unwrap_or(Form::Plain)
}

fn listed(nodes: &[Node], variants: &[At]) -> Option<Choices> {
    let mut values = Vec::new();
    for variant in variants {
        let choices = nodes[*variant].choices.as_ref().filter(|choices| choices.is_text())?;
        values.extend(choices.values.iter().cloned());
    }
    (!values.is_empty()).then(|| Choices::new(values, false))
}

fn tagged(nodes: &[Node], variants: &[At]) -> Option<Tagged> {
    let first = tags(nodes, *variants.first()?);
    first.into_iter().find_map(|(tag, _)| {
        let mut by_value = HashMap::new();
        let mut options = Vec::new();
        for variant in variants {
            let (_, value) = tags(nodes, *variant).into_iter().find(|(name, _)| *name == tag)?;
            // Two variants of one tag: the tag does not tell them apart.
            if by_value.insert(value.to_owned(), *variant).is_some() {
                return None;
            }
            options.push(value);
        }
        Some(Tagged { tag: tag.to_owned(), by_value, options: text::join(options) })
    })
}

/// The required properties of a variant that can only be one text.
fn tags(nodes: &[Node], variant: At) -> Vec<(&str, &str)> {
    let Some(object) = &nodes[variant].object else {
        return Vec::new();
    };
    let required = object.properties.iter().filter(|property| property.is_required);
    required
        .filter_map(|property| {
            let choices = nodes[property.node].choices.as_ref().filter(|choices| choices.is_literal)?;
            Some((property.name.as_str(), choices.only_text()?))
        })
        .collect()
}

fn external(nodes: &[Node], variants: &[At]) -> Option<Form> {
    let mut by_key = HashMap::new();
    let mut texts = Vec::new();
    for variant in variants {
        let node = &nodes[*variant];
        match (&node.choices, &node.object) {
            (Some(choices), _) if choices.is_text() => texts.extend(choices.values.iter().cloned()),
            (None, Some(object)) if object.unnamed == Others::Dropped && !object.others.is_open() => {
                let [property] = object.properties.as_slice() else {
                    return None;
                };
                if !property.is_required || by_key.insert(property.name.clone(), *variant).is_some() {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(Form::External(by_key, texts))
}
