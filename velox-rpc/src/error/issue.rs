//! One thing that is wrong with an input.

use serde::Serialize;

/// One thing that is wrong with an input: the field, by wire name and dotted path, and what it should have been.
///
/// The message never repeats the value.
///
/// # Examples
///
/// ```
/// use velox_rpc::error::Issue;
///
/// let issue = Issue::new("address.zip", "Invalid zip");
/// assert_eq!(issue.field, "address.zip");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The path to the field, as `lineItems[1].qty`; empty for the input as a whole.
    pub field: String,
    /// What is wrong, in words meant for the caller.
    pub message: String,
}

impl Issue {
    /// Says what is wrong with a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}
