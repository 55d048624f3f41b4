//! Enums, in each of serde's four representations.

use crate::error::{Problem, Type};
use crate::validate::found::{Cause, Found, MAX_ISSUES};
use crate::validate::parts::{At, Fields, Parts, Tag, Variant};
use crate::validate::tree::Part;

impl Variant<'_> {
    /// Returns the parts of the content. serde accepts `null` for a variant without content.
    fn parts(&self) -> Parts<'_> {
        self.content.unwrap_or(Parts::Type(|at, found| found.read::<()>(&at).unwrap_or_default(), || true))
    }
}

impl Found {
    /// Checks `"Unit"`, or `{ "Variant": content }`.
    pub(super) fn external(&mut self, part: Part<'_>, variants: &[Variant<'_>]) {
        let are_names = variants.iter().all(|variant| variant.content.is_none());
        match part.kind() {
            Type::Text if named(variants, &part.said()).is_some_and(|variant| variant.content.is_none()) => {}
            Type::Object if !are_names => {
                let mut fields = Fields::new(part);
                fields.is_strict = self.one_of(&mut fields, variants, true);
                self.unknown(&fields);
            }
            received if are_names => {
                let cause = if received == Type::Object { Cause::Form } else { self.cause };
                let problem = Problem::InvalidEnumValue { options: names(variants), received };
                self.because(cause, |found| found.say(problem));
            }
            _ => self.say(Problem::Invalid),
        }
    }

    /// Checks an enum whose variant is named among the fields of another type.
    pub(super) fn variant(&mut self, fields: &mut Fields<'_>, tag: Tag<'_>, variants: &[Variant<'_>]) {
        match tag {
            Tag::External => {
                let is_alone = std::mem::take(&mut fields.is_behind_tag);
                fields.is_strict |= self.one_of(fields, variants, false) && is_alone;
            }
            Tag::Internal(tag) => {
                if let Some(content) = self.chosen(fields, tag, variants).and_then(|chosen| chosen.content) {
                    fields.is_behind_tag = true;
                    self.look(At::Among(fields), &content);
                }
            }
            Tag::Adjacent(tag, content, is_strict) => {
                let sent = fields.take(&[content]);
                let chosen = self.chosen(fields, tag, variants);
                fields.is_strict |= is_strict;
                let Some(variant) = chosen else { return };
                self.at_key(content, |found| match sent {
                    Some((_, part)) => found.look(At::Part(part), &variant.parts()),
                    None if variant.parts().may_be_missing() => {}
                    None => found.missing(&variant.parts()),
                });
            }
            Tag::Untagged => self.untagged(At::Among(fields), variants),
        }
    }

    /// Checks `"Variant": content` in a separate object or among other fields. Returns whether a
    /// variant is there. If there are several, serde takes the one that was sent first.
    fn one_of(&mut self, fields: &mut Fields<'_>, variants: &[Variant<'_>], is_own: bool) -> bool {
        let sent = variants.iter().filter_map(|variant| Some((fields.place(variant.names)?, variant)));
        let first = sent.min_by_key(|(place, _)| *place);
        let Some(((key, part), variant)) = first.and_then(|(_, variant)| Some((fields.take(variant.names)?, variant)))
        else {
            self.say(Problem::Invalid);
            return false;
        };
        self.at_key(&key.said(), |found| match &variant.content {
            // serde accepts `null` here, though the name alone is the variant.
            None if is_own => found.because(Cause::Form, |found| found.say(Problem::Invalid)),
            _ => found.look(At::Part(part), &variant.parts()),
        });
        true
    }

    /// Returns the variant that the tag names.
    fn chosen<'a>(
        &mut self,
        fields: &mut Fields<'_>,
        tag: &str,
        variants: &'a [Variant<'a>],
    ) -> Option<&'a Variant<'a>> {
        let sent = fields.take(&[tag]).map(|(_, value)| value);
        let text = sent.filter(|value| value.kind() == Type::Text);
        let chosen = text.and_then(|value| named(variants, &value.said()));
        if chosen.is_none() {
            // serde also accepts the number of a variant, if it has buffered the tag, and an object
            // with the name.
            let cause = if sent.is_some() && text.is_none() { Cause::Form } else { self.cause };
            let problem = Problem::InvalidDiscriminator { options: names(variants) };
            self.because(cause, |found| found.at_key(tag, |found| found.say(problem)));
        }
        chosen
    }

    /// Accepts the first variant that the value fits, or else the first that it fits with its
    /// numbers rewritten. If the value fits no variant, nobody can tell which one was meant, so the
    /// issue names none.
    pub(super) fn untagged(&mut self, at: At<'_, '_>, variants: &[Variant<'_>]) {
        let (mut chosen, mut cause): (Option<Self>, _) = (None, self.cause);
        for variant in variants {
            let tried = at.with(|at| self.trial(at, &variant.parts()));
            if tried.issues.iter().any(|noted| noted.cause != Cause::Rule) {
                if tried.issues.iter().any(|noted| noted.cause == Cause::Form) {
                    cause = Cause::Form;
                }
                continue;
            }
            if tried.rewrites.is_empty() {
                chosen = Some(tried);
                break;
            }
            chosen = chosen.or(Some(tried));
        }
        match chosen {
            Some(chosen) => {
                self.issues.extend(chosen.issues);
                self.issues.truncate(MAX_ISSUES);
                self.rewrites.extend(chosen.rewrites);
            }
            None => self.because(cause, |found| found.say(Problem::InvalidUnion)),
        }
    }
}

fn named<'a>(variants: &'a [Variant<'a>], name: &str) -> Option<&'a Variant<'a>> {
    variants.iter().find(|variant| variant.names.is_empty() || variant.names.contains(&name))
}

fn names(variants: &[Variant<'_>]) -> Vec<String> {
    variants.iter().filter_map(|variant| variant.names.first()).map(|name| (*name).to_owned()).collect()
}
