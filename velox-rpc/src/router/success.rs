//! The status of a successful call.

use http::{Method, StatusCode};

/// The status of a successful call whose handler sets none. The REST wire and the documents both
/// use this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Success {
    null: StatusCode,
    value: StatusCode,
}

impl Success {
    /// Chooses the status by the method, and by whether the name of the procedure says that it
    /// creates something.
    pub(crate) fn new(method: &Method, creates: bool) -> Self {
        let value = if creates && *method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
        Self { null: if *method == Method::DELETE { StatusCode::NO_CONTENT } else { value }, value }
    }

    /// Returns the status for a result.
    pub(crate) fn status(self, is_null: bool) -> StatusCode {
        if is_null { self.null } else { self.value }
    }
}
