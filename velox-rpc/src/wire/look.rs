//! Checks the text of an input before it is read: it has to be one JSON document without repeated
//! keys.

use super::keys::Keys;
use super::{json, keys};
use crate::error::Result;
use crate::procedure::InputShape;

/// Checks the text of an input of this shape. Returns whether it contains a list.
///
/// # Errors
///
/// Returns the errors of [`json::glance`].
pub(super) fn look(text: &str, shape: Option<&InputShape>) -> Result<bool> {
    let is_object = text.trim_ascii_start().starts_with('{');
    if is_object
        && shape.is_some()
        && let Keys::Distinct { has_lists } = keys::look(text)
    {
        return Ok(has_lists);
    }
    // No typed reader follows, or the quick check was not sure.
    json::glance(text)
}
