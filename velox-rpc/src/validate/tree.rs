//! A JSON text as a tree of positions, so that the reader of each type can read its part, and no
//! part is read twice.

use std::borrow::Cow;
use std::ops::Range;

use crate::call::Texts;
use crate::error::Type;

/// The positions of a JSON text. The text must be valid JSON.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    text: &'t str,
    /// The nodes in the order of the text. In an object, keys and values alternate.
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    kind: Type,
    place: Range<usize>,
    /// The index of the first node after this one and its content.
    next: usize,
    /// `true` if the value was a string from a path or query.
    is_text: bool,
}

/// One value of a JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Part<'t> {
    tree: &'t Tree<'t>,
    at: usize,
}

impl<'t> Tree<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut nodes: Vec<Node> = Vec::new();
        let mut open = Vec::new();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let kind = match byte {
                b'{' => Type::Object,
                b'[' => Type::Array,
                b'"' => Type::Text,
                b't' | b'f' => Type::Boolean,
                b'n' => Type::Null,
                b'-' | b'0'..=b'9' => Type::Number,
                other => {
                    at += 1;
                    if matches!(other, b'}' | b']')
                        && let Some(closed) = open.pop()
                    {
                        let next = nodes.len();
                        let closed: &mut Node = &mut nodes[closed];
                        (closed.place.end, closed.next) = (at, next);
                    }
                    continue;
                }
            };
            let start = at;
            at = match kind {
                Type::Object | Type::Array => {
                    open.push(nodes.len());
                    at + 1
                }
                Type::Text => end_of_text(bytes, at + 1),
                _ => bytes[at..].iter().position(|byte| is_delimiter(*byte)).map_or(bytes.len(), |length| at + length),
            };
            nodes.push(Node { kind, place: start..at, next: nodes.len() + 1, is_text: false });
        }
        Self { text, nodes }
    }

    /// Marks the fields of the whole value that were strings from a path or query.
    pub(crate) fn mark(&mut self, texts: &Texts) {
        let root = self.root().filter(|_| !matches!(texts, Texts::Nothing));
        let fields = root.into_iter().flat_map(Part::entries);
        let marked: Vec<_> =
            fields.filter(|(name, _)| texts.contain(&name.said())).map(|(_, it)| it.at..it.node().next).collect();
        marked.into_iter().for_each(|nodes| self.nodes[nodes].iter_mut().for_each(|node| node.is_text = true));
    }

    /// Returns the whole value, or `None` if the text has no value.
    pub(crate) fn root(&'t self) -> Option<Part<'t>> {
        (!self.nodes.is_empty()).then_some(Part { tree: self, at: 0 })
    }
}

// How often a string was read.
#[cfg(test)]
thread_local!(pub(super) static SAID: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b',' | b':' | b'}' | b']') || byte.is_ascii_whitespace()
}

impl<'t> Part<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.at]
    }

    pub(crate) fn kind(self) -> Type {
        self.node().kind
    }

    /// Returns whether the part was a string from a path or query. It has been converted as the
    /// schema says, but the reader decides.
    pub(super) fn is_text(self) -> bool {
        self.node().is_text
    }

    /// Returns the part as it was written.
    pub(crate) fn text(self) -> &'t str {
        &self.tree.text[self.place()]
    }

    /// Returns the position of the part in the text.
    pub(crate) fn place(self) -> Range<usize> {
        self.node().place.clone()
    }

    /// Returns the items of a list.
    pub(crate) fn items(self) -> impl Iterator<Item = Part<'t>> {
        let end = self.node().next;
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let item = (at < end).then_some(Part { tree: self.tree, at })?;
            at = item.node().next;
            Some(item)
        })
    }

    /// Returns the keys and values of an object.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Part<'t>, Part<'t>)> {
        let mut parts = self.items();
        std::iter::from_fn(move || parts.next().zip(parts.next()))
    }

    /// Returns the content of a string.
    pub(crate) fn said(self) -> Cow<'t, str> {
        #[cfg(test)]
        SAID.set(SAID.get() + 1);
        let text = self.text();
        let inner = text.get(1..text.len() - 1).unwrap_or_default();
        match inner.contains('\\') {
            false => Cow::Borrowed(inner),
            true => serde_json::from_str(text).map_or(Cow::Borrowed(inner), Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_knows_its_text() {
        let tree = Tree::new(r#" {"a\"}":[1, -2.5e3 ,"x\\"],"b":{"c":null,"d":true}} "#);
        let root = tree.root().expect("a value");
        let entries: Vec<_> = root.entries().map(|(key, value)| (key.said(), value.kind(), value.text())).collect();
        assert_eq!(
            entries,
            [
                (Cow::from("a\"}"), Type::Array, r#"[1, -2.5e3 ,"x\\"]"#),
                ("b".into(), Type::Object, r#"{"c":null,"d":true}"#),
            ]
        );
        let items: Vec<_> = root.entries().next().expect("one").1.items().map(Part::text).collect();
        assert_eq!(items, ["1", "-2.5e3", r#""x\\""#]);
    }

    #[test]
    fn any_text_can_be_read() {
        for text in ["", "}", "]]", "\"", "\"\\", "{\"a\"", "[1", "x", "{]"] {
            let _ = Tree::new(text).root().map(|root| root.entries().count());
        }
    }
}
