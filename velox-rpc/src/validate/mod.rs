//! Lists what is wrong with an input, once serde or `validate()` has refused it.
//!
//! Used by the procedure's input step and by the REST wire's coercion of path and query text. What always holds: an
//! issue names a field by its wire name and a rule by Zod 3's text, and never the value that broke it; the cost is
//! linear in the input; nothing here panics, whatever a caller sends.
//!
//! Steps: a type's JSON Schema is compiled once into nodes (`compile`, `union`), a refused value is walked along them
//! (`check`), and what validator found is put into wire names by them (`rules`). Where the schema finds nothing,
//! [`path_at`] says where serde stopped.

mod check;
mod choices;
mod compile;
mod fields;
mod format;
mod found;
mod keyword;
mod literal;
mod locate;
mod node;
mod number;
mod object;
mod path;
mod rules;
mod scalar;
mod shape;
mod text;
mod types;
mod union;
mod variant;

pub(crate) use locate::path_at;
pub(crate) use shape::{Origin, Shape, TextType};
pub(crate) use text::no_object;

#[cfg(test)]
mod tests;
