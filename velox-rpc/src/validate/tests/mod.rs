//! Tests real types, with the real macro, against the expected issues.

mod accepted;
#[cfg(unix)]
mod cost;
mod rules;
mod types;

use serde::Serialize;
use serde::de::DeserializeOwned;
use validator::Validate;

use crate::call::Texts;
use crate::error::{ErrorMap, Issue};
use crate::validate::{At, Examine, Found, Rewrite, Tree};

/// A type that can be an input.
trait Input: DeserializeOwned + Validate + Examine {}

impl<T: DeserializeOwned + Validate + Examine> Input for T {}

/// Returns everything that is found in a JSON text.
fn found<T: Input>(text: &str, is_text: bool) -> (Vec<Issue>, Vec<Rewrite>) {
    let (mut tree, mut found) = (Tree::new(text), Found::new(text.len(), false));
    tree.mark(if is_text { &Texts::Everything } else { &Texts::Nothing });
    T::examine(At::Part(tree.root().expect("a value")), &mut found);
    found.into_parts(ErrorMap::zod3)
}

/// Returns the issues of a body, each as `field: message`.
fn issues<T: Input>(value: impl Serialize) -> Vec<String> {
    let text = serde_json::to_string(&value).expect("test values are JSON");
    lines(found::<T>(&text, false).0)
}

fn lines(issues: Vec<Issue>) -> Vec<String> {
    issues.into_iter().map(|issue| format!("{}: {}", issue.field, issue.message)).collect()
}
