//! What one call of a procedure is made of: the handler's argument, and what the wire decoded for it.
//!
//! Part of the vocabulary: every ring may use it, and it uses nothing but other vocabulary.

use std::fmt;

/// The one argument of a handler: the context that the middlewares built, and the checked input.
///
/// It is taken apart in the closure's head, as `{ input, ctx }` is in TypeScript.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, procedure, schema};
///
/// #[schema]
/// pub struct Greet { pub name: String }
///
/// let hello = procedure::<()>()
///     .input::<Greet>()
///     .query(|Call { input, .. }| Ok(format!("Hello, {}", input.name)));
/// # let _ = hello;
/// ```
#[derive(Debug, Clone)]
pub struct Call<C, I> {
    /// The context: the base context, wrapped by each middleware in turn.
    pub ctx: C,
    /// The input, after it was read and validated; `()` where the procedure takes none.
    pub input: I,
}

/// What a procedure does: it reads once, writes, or goes on telling what happens.
///
/// # Examples
///
/// ```
/// use velox_rpc::call::Kind;
///
/// assert_eq!(Kind::Mutation.to_string(), "mutation");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads; sent by GET.
    Query,
    /// Writes; never sent by GET.
    Mutation,
    /// Gives one event after the other; sent by GET.
    Subscription,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Query => "query",
            Kind::Mutation => "mutation",
            Kind::Subscription => "subscription",
        })
    }
}

/// The name by which a procedure is known outside: its namespace, its wire name and its kind.
///
/// # Examples
///
/// ```
/// use velox_rpc::call::{Kind, ProcedureName};
///
/// let name = ProcedureName::new("auth", "getProfile", Kind::Query);
/// assert_eq!(name.to_string(), "auth.getProfile");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProcedureName {
    namespace: String,
    name: String,
    kind: Kind,
}

impl ProcedureName {
    /// Names a procedure.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, kind: Kind) -> Self {
        Self { namespace: namespace.into(), name: name.into(), kind }
    }

    /// The namespace of its router, as `auth`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The wire name inside the namespace, as `getProfile`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a query, a mutation or a subscription.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for ProcedureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

/// The input of a call as the wire decoded it: JSON text that was read once and found well formed, not yet typed.
///
/// Text and not a tree, since the typed reader takes text fastest, and since one reader for each input type is
/// half as much to compile as two.
#[derive(Debug, Default)]
pub(crate) struct RawInput {
    text: Option<String>,
    is_coerced: bool,
    has_lists: bool,
}

impl RawInput {
    /// No input at all: TypeScript's `undefined`.
    pub(crate) fn absent() -> Self {
        Self::default()
    }

    /// A JSON document. `has_lists` says whether an array stands anywhere in it: serde reads an array as a struct, so
    /// that such a document needs a second look.
    pub(crate) fn document(text: String, has_lists: bool) -> Self {
        Self { text: Some(text), is_coerced: false, has_lists }
    }

    /// A JSON document that this process wrote.
    pub(crate) fn from_json(text: String) -> Self {
        let has_lists = text.contains('[');
        Self::document(text, has_lists)
    }

    /// A JSON object made of path and query text.
    pub(crate) fn from_parameters(text: String, has_lists: bool) -> Self {
        Self { text: Some(text), is_coerced: true, has_lists }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether the values were text, turned into what the schema asks for where that was possible.
    pub(crate) fn is_coerced(&self) -> bool {
        self.is_coerced
    }

    pub(crate) fn has_lists(&self) -> bool {
        self.has_lists
    }
}
