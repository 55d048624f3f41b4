//! The walk of a value along a union: which variant was meant.

use serde_json::Value;

use crate::validate::check::{Check, Verdict, choose};
use crate::validate::found::Found;
use crate::validate::node::At;
use crate::validate::path::Path;
use crate::validate::text;
use crate::validate::types::type_name;
use crate::validate::union::{Form, Tagged, Union};

impl Check<'_> {
    pub(super) fn union(
        &mut self,
        union: &Union,
        value: &Value,
        path: &Path<'_>,
        hops: usize,
        found: &mut Found,
    ) -> Verdict {
        if value.is_null() && union.takes_null {
            return Verdict::Valid;
        }
        match &union.form {
            Form::One(only) => self.node(*only, value, path, hops + 1, found),
            Form::Enum(choices) => choose(choices, value, path, found),
            Form::Tagged(tagged) => self.tagged(tagged, value, path, hops, found),
            Form::External(_, texts) if texts.contains(value) => Verdict::Valid,
            Form::External(by_key, _) => {
                let keys = value.as_object().into_iter().flat_map(|object| object.keys());
                match the_only(keys.filter_map(|key| by_key.get(key))) {
                    Some(variant) => self.node(*variant, value, path, hops + 1, found),
                    None => invalid_input(path, found),
                }
            }
            Form::Plain => self.plain(&union.variants, value, path, hops, found),
        }
    }

    fn tagged(&mut self, tagged: &Tagged, value: &Value, path: &Path<'_>, hops: usize, found: &mut Found) -> Verdict {
        let Value::Object(object) = value else {
            found.push(path, || text::expected("object", type_name(value)));
            return Verdict::WrongType;
        };
        let tag = object.get(&tagged.tag).and_then(Value::as_str);
        match tag.and_then(|tag| tagged.by_value.get(tag)) {
            Some(variant) => self.node(*variant, value, path, hops + 1, found),
            None => {
                found.push(&path.key(&tagged.tag), || text::discriminator(&tagged.options));
                Verdict::Invalid
            }
        }
    }

    /// As Zod's union: the first variant that fits, else the first of which only rules are broken.
    fn plain(&mut self, variants: &[At], value: &Value, path: &Path<'_>, hops: usize, found: &mut Found) -> Verdict {
        let mut nearest = None;
        for variant in variants {
            match self.verdict(*variant, value, path, hops + 1) {
                Verdict::Valid => return Verdict::Valid,
                Verdict::BrokenRule if nearest.is_none() => nearest = Some(*variant),
                _ => {}
            }
        }
        match nearest {
            Some(_) if found.is_quiet() => Verdict::BrokenRule,
            Some(variant) => self.node(variant, value, path, hops + 1, found),
            None => invalid_input(path, found),
        }
    }

    /// A verdict without issues, remembered if it was dear.
    fn verdict(&mut self, variant: At, value: &Value, path: &Path<'_>, hops: usize) -> Verdict {
        // The value is borrowed for the whole walk, so its address names it.
        let place = (variant, std::ptr::from_ref(value).addr());
        if let Some(verdict) = self.known.get(&place) {
            return *verdict;
        }
        let fuel = self.fuel;
        let verdict = self.node(variant, value, path, hops, &mut Found::quiet());
        if fuel - self.fuel > DEAR {
            self.known.insert(place, verdict);
        }
        verdict
    }
}

fn invalid_input(path: &Path<'_>, found: &mut Found) -> Verdict {
    found.push(path, || text::INVALID_INPUT.to_owned());
    Verdict::Invalid
}

fn the_only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// Visits from which on a verdict is worth a place in the memory.
const DEAR: usize = 16;
