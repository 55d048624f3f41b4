//! Lists what is wrong with an input, once serde or `validate()` has refused it.
//!
//! There is one truth: the reader of each type, which is serde's. `#[schema]` writes for a type the code that takes it apart
//! ([`Examine`]), gives each part to the reader of its own type ([`leaf`]) and puts the rules to what was read. So a value is refused
//! exactly if something is listed. What always holds: an issue names a field by its wire name and what is wrong by Zod's code for it, and never the
//! value that is wrong; the cost is linear in the input; nothing here panics, whatever a caller sends.

mod broken;
mod enums;
mod found;
mod got;
mod leaf;
mod number;
mod outline;
mod path;
mod readers;
mod refusal;
mod rules;
mod tree;
mod whole;

pub use self::enums::{TaggedVariant, Variant};
#[cfg(test)]
mod tests;

pub use self::broken::{Broken, Told, is_email};
pub(crate) use self::found::Rewrite;
pub use self::found::{Examiner, Field, FieldExaminer, Fields, Found, Parts, Rules};
pub use self::got::Got;
pub use self::leaf::{Described, Examine, Known, Leaf, Look, Unknown, always, may_be_missing, takes_key};
pub use self::number::Multiple;
pub(crate) use self::outline::{Outline, OutlineField, TextType, mentions, unreadable};
pub use self::readers::{Texts, changed, double_changed, double_option};
pub use self::tree::Part;
pub(crate) use self::tree::Tree;
