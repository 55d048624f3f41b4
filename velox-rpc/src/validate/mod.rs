//! Lists what is wrong with an input after serde or `validate()` has refused it.
//!
//! The reader of each type, which is serde's, alone decides whether a value is right. The code that
//! `#[schema]` generates for a type takes it apart ([`Examine`]) and passes each part to the reader
//! of the part's type ([`leaf`]). Then it checks the rules on what was read. So a value is refused
//! exactly if the list has an entry.
//!
//! Three things always hold. An issue has the wire name of the field and Zod's code for the
//! problem, but never the value. The cost is linear in the size of the input. No input can make
//! this module panic.

mod broken;
mod converted;
mod enums;
mod found;
mod got;
mod leaf;
mod look;
mod number;
mod outline;
mod parts;
mod path;
mod readers;
mod refusal;
mod rules;
mod shown;
mod subject;
mod tree;
mod whole;

#[cfg(test)]
mod tests;

pub use self::broken::{Broken, Told, is_email};
pub(crate) use self::converted::converted;
pub use self::found::Found;
pub(crate) use self::found::Rewrite;
pub use self::got::Got;
pub use self::leaf::{Described, Examine, Hashed, Known, Leaf, Sorted, Unknown, takes_key};
pub use self::number::Multiple;
pub(crate) use self::outline::{KEEPS, Outline, OutlineField, TextType, mentions, unreadable};
pub(crate) use self::parts::Examiner;
pub use self::parts::{At, Field, Parts, Sent, Tag, Variant, by_type, plain};
pub use self::readers::{Texts, changed, default_of, double_changed, double_option};
pub use self::shown::Shown;
pub use self::subject::{contains, has_no_control, is_ip, is_url, length};
pub(crate) use self::tree::{Part, Tree};
