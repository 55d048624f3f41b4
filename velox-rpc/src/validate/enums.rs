//! Enums, in each of serde's four representations.

use crate::error::{Problem, Type};
use crate::validate::found::{FieldExaminer, Fields, Fit, Found, Parts, unrecognized};
use crate::validate::tree::Part;

/// A variant whose content is separate from its tag.
#[derive(Clone, Copy)]
pub struct Variant<'a> {
    /// The name on the wire and the aliases. Empty for the variant that accepts all other names.
    pub names: &'a [&'a str],
    /// The content of the variant.
    pub content: Option<Parts<'a>>,
    /// Whether the content may be missing.
    pub is_optional: fn() -> bool,
}

/// A variant whose fields are beside its tag.
#[derive(Clone, Copy)]
pub struct TaggedVariant<'a> {
    /// The name on the wire and the aliases. Empty for the variant that accepts all other names.
    pub names: &'a [&'a str],
    /// Checks the fields of the variant.
    pub content: Option<FieldExaminer>,
}

impl Found {
    /// Checks `"Unit"`, or `{ "Variant": content }`.
    pub fn external(&mut self, part: Part<'_>, variants: &[Variant<'_>]) {
        let are_names = variants.iter().all(|variant| variant.content.is_none());
        let options = || names(variants.iter().map(|variant| variant.names));
        let named = |name: &str| variants.iter().find(|variant| is_named(variant.names, name));
        match part.kind() {
            Type::Text if named(&part.said()).is_some_and(|variant| variant.content.is_none()) => {}
            Type::Object if !are_names => {
                let Some((key, content, variant)) =
                    part.entries().find_map(|(key, content)| Some((key, content, named(&key.said())?)))
                else {
                    return self.say(Problem::Invalid);
                };
                self.at_key(&key.said(), |found| found.held(content, variant));
                let mut others = part.entries().filter(|(other, _)| other.place() != key.place()).peekable();
                if others.peek().is_some() {
                    self.say(unrecognized(others.map(|(other, _)| other.said())));
                }
            }
            received if are_names => self.say(Problem::InvalidEnumValue { options: options(), received }),
            _ => self.say(Problem::Invalid),
        }
    }

    /// Checks `"Variant": content` among the fields of another type.
    pub fn external_among(&mut self, fields: &mut Fields<'_>, variants: &[Variant<'_>]) {
        // If there are several, serde takes the one that was sent first.
        let named = |name: &str| variants.iter().find(|variant| variant.names.contains(&name));
        let first = fields.untaken().find_map(|(key, _)| named(&key.said()));
        match first.and_then(|variant| Some((fields.take(variant.names)?, variant))) {
            Some(((key, part), variant)) => self.at_key(&key.said(), |found| found.held(part, variant)),
            None => self.say(Problem::Invalid),
        }
    }

    fn held(&mut self, part: Part<'_>, variant: &Variant<'_>) {
        match &variant.content {
            Some(content) => self.look(part, content),
            None => self.say(Problem::Invalid),
        }
    }

    /// Checks `{ "tag": "Variant", fields }`.
    pub fn internal(&mut self, fields: &mut Fields<'_>, tag: &str, variants: &[TaggedVariant<'_>]) {
        let names = variants.iter().map(|variant| variant.names);
        if let Some(chosen) = self.chosen(fields, tag, names)
            && let Some(examine) = variants[chosen].content
        {
            examine(fields, self);
        }
    }

    /// Checks `{ "tag": "Variant", "content": content }`.
    pub fn adjacent(&mut self, fields: &mut Fields<'_>, tag: &str, content: &str, variants: &[Variant<'_>]) {
        let sent = fields.take(&[content]);
        let names = variants.iter().map(|variant| variant.names);
        let Some(chosen) = self.chosen(fields, tag, names) else { return };
        let variant = &variants[chosen];
        self.at_key(content, |found| match (&variant.content, sent) {
            (Some(content), Some((_, part))) => found.look(part, content),
            (Some(content), None) if !(variant.is_optional)() => found.missing(content),
            // serde accepts `null` for a variant without content.
            (None, Some((_, part))) => drop(found.read::<()>(part)),
            (_, None) => {}
        });
    }

    /// Returns the variant that the tag names.
    fn chosen<'a>(
        &mut self,
        fields: &mut Fields<'_>,
        tag: &str,
        names: impl Iterator<Item = &'a [&'a str]> + Clone,
    ) -> Option<usize> {
        let sent = fields.take(&[tag]).filter(|(_, value)| value.kind() == Type::Text);
        let chosen = sent.and_then(|(_, value)| names.clone().position(|names| is_named(names, &value.said())));
        if chosen.is_none() {
            let options = self::names(names);
            self.at_key(tag, |found| found.say(Problem::InvalidDiscriminator { options }));
        }
        chosen
    }

    /// Accepts the first variant that the value fits, or else the first that it fits with its
    /// numbers rewritten. If the value fits no variant, nobody can tell which one was meant, so the
    /// issue names none.
    pub fn untagged(&mut self, part: Part<'_>, variants: &[Parts<'_>]) {
        let mut chosen = None;
        for content in variants {
            match self.fit(part, content) {
                Fit::AsWritten => {
                    chosen = Some(content);
                    break;
                }
                Fit::Rewritten => chosen = chosen.or(Some(content)),
                Fit::Wrong => {}
            }
        }
        match chosen {
            Some(content) => self.look(part, content),
            None => self.say(Problem::InvalidUnion),
        }
    }
}

fn names<'a>(of_variants: impl Iterator<Item = &'a [&'a str]>) -> Vec<String> {
    of_variants.filter_map(<[_]>::first).map(|name| (*name).to_owned()).collect()
}

fn is_named(names: &[&str], name: &str) -> bool {
    names.is_empty() || names.contains(&name)
}
