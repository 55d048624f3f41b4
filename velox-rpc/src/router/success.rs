//! The status of a call that ended well.

use http::{Method, StatusCode};

/// The status of a call that ended well, where its handler sets no other. The REST wire sends it and documents tell it, both by
/// this one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Success {
    null: StatusCode,
    value: StatusCode,
}

impl Success {
    /// By the method, and by whether the procedure makes something, as its name says.
    pub(crate) fn new(method: &Method, creates: bool) -> Self {
        let value = if creates && *method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
        Self { null: if *method == Method::DELETE { StatusCode::NO_CONTENT } else { value }, value }
    }

    /// The status of a result.
    pub(crate) fn status(self, is_null: bool) -> StatusCode {
        if is_null { self.null } else { self.value }
    }
}
