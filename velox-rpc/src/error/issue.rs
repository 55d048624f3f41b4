//! One problem of an input.

use serde::Serialize;

/// One problem of an input: the path of the field, and a message that says what the field should
/// have been.
///
/// The message never repeats the value that was sent.
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
    /// The path to the field, for example `lineItems[1].qty`. It is empty for the input as a whole.
    pub field: String,
    /// The message for the client.
    pub message: String,
}

impl Issue {
    /// Makes an issue for a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}
