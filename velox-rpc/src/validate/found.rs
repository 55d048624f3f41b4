//! The issues of one walk.

use crate::error::Issue;
use crate::validate::path::Path;

/// Issues so far, never more than [`Found::MAX`].
#[derive(Debug, Default)]
pub(super) struct Found {
    issues: Vec<Issue>,
    is_quiet: bool,
}

impl Found {
    const MAX: usize = 100;

    /// Takes no issues: the walk is after a verdict alone, and ends as soon as it is sure.
    pub(super) fn quiet() -> Found {
        Found { issues: Vec::new(), is_quiet: true }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    pub(super) fn is_full(&self) -> bool {
        self.issues.len() >= Found::MAX
    }

    /// The text is only made if it is taken.
    pub(super) fn push(&mut self, path: &Path<'_>, message: impl FnOnce() -> String) {
        if !self.is_quiet && !self.is_full() {
            self.issues.push(Issue { field: path.render(), message: message() });
        }
    }

    pub(super) fn push_once(&mut self, path: &Path<'_>, message: String) {
        let field = path.render();
        if !self.issues.iter().any(|issue| issue.field == field && issue.message == message) {
            self.push(path, || message);
        }
    }

    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }
}
