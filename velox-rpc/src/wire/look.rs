//! The first look at the text of an input: one JSON document, no key twice, and whether a list stands in it.

use super::keys::Keys;
use super::{json, keys};
use crate::error::Result;
use crate::procedure::InputShape;

/// Looks through the text of an input of this shape; tells whether a list stands in it.
///
/// # Errors
///
/// What [`json::glance`] finds.
pub(super) fn look(text: &str, shape: Option<&InputShape>) -> Result<bool> {
    let is_object = text.trim_ascii_start().starts_with('{');
    if is_object
        && shape.is_some()
        && let Keys::Distinct { has_lists } = keys::look(text)
    {
        return Ok(has_lists);
    }
    // No typed reader follows, or the quick look was not sure.
    let glance = json::glance(text)?;
    Ok(glance.has_lists)
}
