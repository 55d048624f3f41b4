//! Where in an input an issue is, as a list on the call stack, so that a walk without issues allocates nothing.

use std::fmt::Write as _;

/// One step further than its parent, or the root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) const fn root() -> Path<'static> {
        Path { parent: None, step: Step::Root, depth: 0 }
    }

    pub(super) fn key(&'p self, key: &'p str) -> Path<'p> {
        self.then(Step::Key(key))
    }

    pub(super) fn index(&'p self, index: usize) -> Path<'p> {
        self.then(Step::Index(index))
    }

    fn then(&'p self, step: Step<'p>) -> Path<'p> {
        Path { parent: Some(self), step, depth: self.depth + 1 }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// A top-level value, or an element of a top-level list: what a path or query text can be.
    pub(super) fn is_text_place(&self) -> bool {
        matches!((self.depth, self.step), (1, _) | (2, Step::Index(_)))
    }

    /// The path as issues name it: `lineItems[1].qty`, the root as the empty text.
    pub(super) fn render(&self) -> String {
        let mut steps = Vec::with_capacity(self.depth);
        let mut next = Some(self);
        while let Some(path) = next {
            steps.push(path.step);
            next = path.parent;
        }
        let mut text = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Key(key) => push_key(&mut text, key),
                Step::Index(index) => push_index(&mut text, index),
            }
        }
        text
    }
}

/// Appends a key. Keys of maps are the caller's, so what is repeated of one is bounded.
pub(super) fn push_key(text: &mut String, key: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    push_bounded(text, key);
}

pub(super) fn push_index(text: &mut String, index: usize) {
    write!(text, "[{index}]").expect("writing to a string does not fail");
}

/// Appends a caller's key, cut to [`KEY_CHARS`].
pub(super) fn push_bounded(text: &mut String, key: &str) {
    match key.char_indices().nth(KEY_CHARS) {
        None => text.push_str(key),
        Some((end, _)) => {
            text.push_str(&key[..end]);
            text.push('…');
        }
    }
}

const KEY_CHARS: usize = 64;
