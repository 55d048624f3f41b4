//! The first look at the text of an input: one JSON document, no key twice, and whether a list stands in it.

use super::keys::Keys;
use super::{json, keys};
use crate::error::{Error, Issue, Result};
use crate::procedure::InputShape;
use crate::validate::no_object;

/// Looks through the text of an input of this shape; tells whether a list stands in it.
///
/// # Errors
///
/// What [`json::glance`] finds, or that the text is JSON but no object where the shape is one.
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
    if !is_object && shape.is_some_and(InputShape::is_object) {
        // JSON but no object is an input that fails its schema, not a malformed request.
        let value = serde_json::from_str(text).map_err(|error| Error::malformed(&error))?;
        return Err(Error::invalid(vec![Issue::new("", no_object(&value))]));
    }
    Ok(glance.has_lists)
}
