//! The parts of one call: the argument of the handler, the name of the procedure, and its input.
//!
//! Layer: vocabulary. Every layer may use this module, and it uses only other vocabulary.

use std::fmt;
use std::sync::Arc;

/// The argument of a handler: the context that the middlewares built, and the validated input.
///
/// Destructure it in the closure's parameter, as you would with `{ input, ctx }` in TypeScript.
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
    /// The context: the base context, wrapped by each middleware.
    pub ctx: C,
    /// The validated input, or `()` if the procedure takes none.
    pub input: I,
}

/// The kind of a procedure: query, mutation or subscription.
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
    /// Reads data. Clients call it with GET.
    Query,
    /// Changes data. Clients can never call it with GET.
    Mutation,
    /// Sends a series of events. Clients open it with GET.
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

/// The public name of a procedure: its namespace, its name in that namespace, and its kind. The
/// namespace of a router inside others has dots, as in `viewer.bookings`.
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
    /// Makes a name from its parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, kind: Kind) -> Self {
        Self { namespace: namespace.into(), name: name.into(), kind }
    }

    /// Returns the namespace of the router, for example `auth` or `viewer.bookings`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name inside the namespace, for example `getProfile`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether this is a query, a mutation or a subscription.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for ProcedureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

/// The input of a call as the wire decoded it: JSON text that is known to be well formed, but is
/// not typed yet.
///
/// It is text and not a tree, because the typed reader is fastest on text, and because one reader
/// for each input type compiles in half the time of two.
#[derive(Debug, Default)]
pub(crate) struct RawInput {
    text: Option<String>,
    texts: Texts,
    has_lists: bool,
}

/// The fields of an input that were strings in a path or query.
#[derive(Clone, Debug, Default)]
pub(crate) enum Texts {
    #[default]
    Nothing,
    /// The parameters of a path.
    These(Arc<[String]>),
    Everything,
}

impl Texts {
    pub(crate) fn contain(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(names) => names.iter().any(|it| it == name),
            Self::Everything => true,
        }
    }
}

impl RawInput {
    /// Makes the input of a call without input, which is TypeScript's `undefined`.
    pub(crate) fn absent() -> Self {
        Self::default()
    }

    /// Makes an input from a JSON document. `has_lists` says whether it contains an array anywhere.
    /// serde reads an array as a struct, so such a document needs a second check.
    pub(crate) fn document(text: String, has_lists: bool) -> Self {
        Self { text: Some(text), texts: Texts::Nothing, has_lists }
    }

    /// Makes an input from a JSON document that this process wrote.
    pub(crate) fn from_json(text: String) -> Self {
        let has_lists = text.contains('[');
        Self::document(text, has_lists)
    }

    /// Makes an input from a JSON object with parameters of a path or query.
    pub(crate) fn with_parameters(text: String, texts: Texts, has_lists: bool) -> Self {
        Self { text: Some(text), texts, has_lists }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the fields that were strings. They were converted, where possible, to the types of
    /// the schema.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn has_lists(&self) -> bool {
        self.has_lists
    }
}
