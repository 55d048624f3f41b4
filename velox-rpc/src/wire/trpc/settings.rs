//! The settings of the tRPC wire.

use std::borrow::Cow;

/// Where and how an application speaks tRPC: what [`App::trpc`](crate::App::trpc) takes. A path alone is one with the default settings.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Trpc};
///
/// let app = App::new(()).trpc(Trpc::at("/trpc").max_batch_size(20));
/// # let _ = app;
/// ```
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until an application has them"]
pub struct Trpc {
    pub(super) path: Cow<'static, str>,
    pub(super) max_batch_size: usize,
    pub(super) method_override: bool,
}

impl Trpc {
    /// Speaks tRPC below this path, such as `/trpc`. The prefix of the REST routes does not apply.
    pub fn at(path: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), max_batch_size: DEFAULT_BATCH, method_override: false }
    }

    /// Sets how many calls a batch may have, 100 unless it is set. A larger one is answered 400. Zero is [no batches](Self::without_batches).
    ///
    /// Set `maxItems` of the client's `httpBatchLink` to the same number or less, so that it splits its batches.
    pub fn max_batch_size(mut self, calls: usize) -> Self {
        self.max_batch_size = calls;
        self
    }

    /// Answers batches with 400: every call is a request of its own.
    pub fn without_batches(mut self) -> Self {
        self.max_batch_size = 0;
        self
    }

    /// Lets queries be sent by POST, as a client does with `methodOverride: 'POST'`: for inputs that are too long for a URL. Off unless it
    /// is set. A mutation is never run by GET.
    pub fn method_override(mut self, allowed: bool) -> Self {
        self.method_override = allowed;
        self
    }
}

impl From<&'static str> for Trpc {
    fn from(path: &'static str) -> Self {
        Self::at(path)
    }
}

const DEFAULT_BATCH: usize = 100;
