//! The walk along the keys of an object.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::validate::check::{Check, Verdict};
use crate::validate::fields::{MAX_HOPS, parts};
use crate::validate::found::Found;
use crate::validate::node::{At, Node, ObjectRules, Others};
use crate::validate::path::Path;
use crate::validate::text;
use crate::validate::union::{Form, Union};

impl Check<'_> {
    pub(super) fn object(
        &mut self,
        rules: &ObjectRules,
        object: &Map<String, Value>,
        path: &Path<'_>,
        found: &mut Found,
    ) -> Verdict {
        let mut verdict = Verdict::Valid;
        for property in &rules.properties {
            if found.is_quiet() && verdict >= Verdict::Invalid {
                return verdict;
            }
            let place = path.key(&property.name);
            verdict = verdict.max(match object.get(&property.name) {
                Some(value) => self.node(property.node, value, &place, 0, found).of_part(),
                None if property.is_required => {
                    found.push(&place, || self.missing(property.node));
                    Verdict::Invalid
                }
                None => Verdict::Valid,
            });
        }
        if rules.patterns.is_empty() && matches!(rules.others, Others::Dropped | Others::Taken) {
            return verdict;
        }
        let unnamed = object.iter().filter(|(key, _)| !rules.by_name.contains_key(*key));
        verdict.max(self.others(rules, rules.others, unnamed, path, found))
    }

    /// `unevaluatedProperties`: where types are flattened into one another, only all parts together know the keys.
    pub(super) fn unnamed(
        &mut self,
        at: At,
        rules: &ObjectRules,
        object: &Map<String, Value>,
        path: &Path<'_>,
        found: &mut Found,
    ) -> Verdict {
        if matches!(rules.unnamed, Others::Dropped | Others::Taken) {
            return Verdict::Valid;
        }
        let mut names = HashSet::new();
        name_keys(self.nodes, at, 0, &mut names);
        let is_patterned = |key: &str| rules.patterns.iter().any(|(regex, _)| regex.is_match(key));
        let unnamed = object.iter().filter(|(key, _)| !names.contains(key.as_str()) && !is_patterned(key));
        self.others(rules, rules.unnamed, unnamed, path, found)
    }

    /// Checks keys that have no name in the schema.
    fn others<'v>(
        &mut self,
        rules: &ObjectRules,
        others: Others,
        unnamed: impl Iterator<Item = (&'v String, &'v Value)>,
        path: &Path<'_>,
        found: &mut Found,
    ) -> Verdict {
        let mut verdict = Verdict::Valid;
        let mut unrecognized = Vec::new();
        for (key, value) in unnamed {
            let pattern = rules.patterns.iter().find(|(regex, _)| regex.is_match(key));
            match (pattern.map(|(_, at)| *at), others) {
                (Some(at), _) | (None, Others::Each(at)) => {
                    verdict = verdict.max(self.node(at, value, &path.key(key), 0, found).of_part());
                }
                (None, Others::Refused) => unrecognized.push(key.as_str()),
                (None, Others::Dropped | Others::Taken) => {}
            }
        }
        if unrecognized.is_empty() {
            return verdict;
        }
        found.push(path, || text::unrecognized(unrecognized.into_iter()));
        verdict.max(Verdict::BrokenRule)
    }

    /// What Zod says of a missing key: `Required`, but for literals and unions.
    fn missing(&self, at: At) -> String {
        let mut next = Some(at);
        for _ in 0..MAX_HOPS {
            let Some(node) = next.map(|at| &self.nodes[at]) else {
                break;
            };
            if let Some(message) = node.messages.0.get("required") {
                return message.clone();
            }
            if let Some(choices) = node.choices.as_ref().filter(|choices| choices.is_literal) {
                return choices.literal_text();
            }
            next = match (node.also.as_slice(), node.unions.as_slice()) {
                ([only], []) => Some(*only),
                ([], [Union { form: Form::One(only), .. }]) => Some(*only),
                ([], [Union { form: Form::Plain, .. }]) => return text::INVALID_INPUT.to_owned(),
                _ => None,
            };
        }
        text::REQUIRED.to_owned()
    }
}

/// The keys that a node or any part or variant of it names.
fn name_keys<'n>(nodes: &'n [Node], at: At, hops: usize, names: &mut HashSet<&'n str>) {
    if hops > MAX_HOPS {
        return;
    }
    let node = &nodes[at];
    if let Some(object) = &node.object {
        names.extend(object.properties.iter().map(|property| property.name.as_str()));
    }
    for part in parts(node) {
        name_keys(nodes, part, hops + 1, names);
    }
}
