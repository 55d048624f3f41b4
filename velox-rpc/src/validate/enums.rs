//! Enums, by each of serde's four taggings.

use crate::validate::found::{Examiner, FieldExaminer, Fields, Fit, Found};
use crate::validate::text::{self, INVALID_INPUT, REQUIRED};
use crate::validate::tree::{Kind, Part};

/// A variant that stands apart from its tag.
#[derive(Clone, Copy)]
pub struct Variant<'a> {
    /// Its name on the wire, and its aliases. None for the one that takes all other names.
    pub names: &'a [&'a str],
    /// Looks at what it holds.
    pub content: Option<Examiner<'a>>,
    /// Whether that may be left out beside its tag.
    pub is_optional: fn() -> bool,
}

/// A variant whose fields stand beside its tag.
#[derive(Clone, Copy)]
pub struct TaggedVariant<'a> {
    /// Its name on the wire, and its aliases. None for the one that takes all other names.
    pub names: &'a [&'a str],
    /// Looks at its fields.
    pub content: Option<FieldExaminer<'a>>,
}

impl Found {
    /// `"Unit"`, or `{ "Variant": content }`.
    pub fn external(&mut self, part: Part<'_>, variants: &[Variant<'_>]) {
        let are_names = variants.iter().all(|variant| variant.content.is_none());
        let options = || text::join(variants.iter().filter_map(|variant| variant.names.first()));
        let named = |name: &str| variants.iter().find(|variant| is_named(variant.names, name));
        match part.kind() {
            Kind::Text if named(&part.said()).is_some_and(|variant| variant.content.is_none()) => {}
            Kind::Text if are_names => self.say(text::enum_value(&options())),
            Kind::Object if !are_names => {
                let Some((key, content, variant)) =
                    part.entries().find_map(|(key, content)| Some((key, content, named(&key.said())?)))
                else {
                    return self.say(INVALID_INPUT);
                };
                self.at_key(&key.said(), |found| found.held(content, variant));
                let mut others = part.entries().filter(|(other, _)| other.place() != key.place()).peekable();
                if others.peek().is_some() {
                    self.say(text::unrecognized(others.map(|(other, _)| other.said())));
                }
            }
            kind if are_names => self.say(text::expected(&options(), kind.name())),
            _ => self.say(INVALID_INPUT),
        }
    }

    /// `"Variant": content` among the fields of another type.
    pub fn external_among(&mut self, fields: &mut Fields<'_>, variants: &[Variant<'_>]) {
        let sent = variants.iter().find_map(|variant| Some((fields.take(variant.names)?, variant)));
        match sent {
            Some(((key, part), variant)) => self.at_key(&key.said(), |found| found.held(part, variant)),
            None => self.say(INVALID_INPUT),
        }
    }

    fn held(&mut self, part: Part<'_>, variant: &Variant<'_>) {
        match variant.content {
            Some(examine) => examine(part, self),
            None => self.say(INVALID_INPUT),
        }
    }

    /// `{ "tag": "Variant", fields }`.
    pub fn internal(&mut self, fields: &mut Fields<'_>, tag: &str, variants: &[TaggedVariant<'_>]) {
        let names = variants.iter().map(|variant| variant.names);
        if let Some(chosen) = self.chosen(fields, tag, names)
            && let Some(examine) = variants[chosen].content
        {
            examine(fields, self);
        }
    }

    /// `{ "tag": "Variant", "content": content }`.
    pub fn adjacent(&mut self, fields: &mut Fields<'_>, tag: &str, content: &str, variants: &[Variant<'_>]) {
        let sent = fields.take(&[content]);
        let names = variants.iter().map(|variant| variant.names);
        let Some(chosen) = self.chosen(fields, tag, names) else { return };
        let variant = &variants[chosen];
        self.at_key(content, |found| match (variant.content, sent) {
            (Some(examine), Some((_, part))) => examine(part, found),
            (Some(_), None) if !(variant.is_optional)() => found.say(REQUIRED),
            // serde takes `null` for nothing.
            (None, Some((_, part))) => drop(found.read::<()>(part)),
            (_, None) => {}
        });
    }

    /// The variant that the tag names.
    fn chosen<'a>(
        &mut self,
        fields: &mut Fields<'_>,
        tag: &str,
        names: impl Iterator<Item = &'a [&'a str]> + Clone,
    ) -> Option<usize> {
        let sent = fields.take(&[tag]).filter(|(_, value)| value.kind() == Kind::Text);
        let chosen = sent.and_then(|(_, value)| names.clone().position(|names| is_named(names, &value.said())));
        if chosen.is_none() {
            let options = text::join(names.filter_map(<[_]>::first));
            self.at_key(tag, |found| found.say(text::discriminator(&options)));
        }
        chosen
    }

    /// The first variant that takes it, or else the first that would if numbers were written otherwise. Where none does, nobody can tell
    /// which was meant.
    pub fn untagged(&mut self, part: Part<'_>, variants: &[Examiner<'_>]) {
        let mut chosen = None;
        for examine in variants {
            match self.fit(part, *examine) {
                Fit::AsWritten => {
                    chosen = Some(examine);
                    break;
                }
                Fit::Rewritten => chosen = chosen.or(Some(examine)),
                Fit::Wrong => {}
            }
        }
        match chosen {
            Some(examine) => examine(part, self),
            None => self.say(INVALID_INPUT),
        }
    }
}

fn is_named(names: &[&str], name: &str) -> bool {
    names.is_empty() || names.contains(&name)
}
