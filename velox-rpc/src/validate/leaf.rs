//! Checks the values of a type: part by part if `#[schema]` knows the type, and otherwise by its
//! reader alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::value::Error as Refused;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, Visitor};
use serde::forward_to_deserialize_any;
use validator::Validate;

use crate::validate::found::Found;
use crate::validate::parts::{At, Parts};
use crate::validate::readers::of_text;

/// Finds everything that is wrong with a value that is not a valid input of this type. `#[schema]`
/// implements it.
///
/// If you derive serde and validator by hand, an empty implementation is enough. It reports the
/// first error of the type's deserializer, with its path. If there is none, it reports everything
/// that the rules refuse, with the fields' Rust names.
///
/// # Examples
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use validator::Validate;
/// use velox_rpc::procedure::Examine;
/// use velox_rpc::{Call, procedure};
///
/// #[derive(Deserialize, Validate, JsonSchema)]
/// struct Greet {
///     #[validate(length(min = 1))]
///     name: String,
/// }
///
/// impl Examine for Greet {}
///
/// let hello = procedure::<()>().input::<Greet>().query(|Call { input, .. }| Ok(format!("Hello, {}", input.name)));
/// # let _ = hello;
/// ```
pub trait Examine {
    /// Finds everything that is wrong with a value.
    #[doc(hidden)]
    fn examine(at: At<'_, '_>, found: &mut Found)
    where
        Self: DeserializeOwned + Validate,
    {
        found.read_and_validate::<Self>(&at);
    }
}

macro_rules! list {
    ($list:ident $(, $bound:ident)*) => {
        impl<T: Examine + DeserializeOwned + Validate $(+ $bound)*> Examine for $list<T> {
            fn examine(at: At<'_, '_>, found: &mut Found) {
                found.look(at, &Parts::List(None, &items::<T>()));
            }
        }
    };
}

list!(Vec);
list!(VecDeque);
list!(BTreeSet, Ord);
list!(HashSet, Eq, Hash);

impl<K: DeserializeOwned + Ord, T: Examine + DeserializeOwned + Validate> Examine for BTreeMap<K, T> {
    fn examine(at: At<'_, '_>, found: &mut Found) {
        found.look(at, &Parts::Map(takes_key::<Sorted<K>>, &items::<T>()));
    }
}

impl<K: DeserializeOwned + Eq + Hash, T: Examine + DeserializeOwned + Validate, S: BuildHasher + Default> Examine
    for HashMap<K, T, S>
{
    fn examine(at: At<'_, '_>, found: &mut Found) {
        found.look(at, &Parts::Map(takes_key::<Hashed<K>>, &items::<T>()));
    }
}

impl Found {
    /// Checks a value with the reader of a type.
    pub fn read<T: DeserializeOwned>(&mut self, at: &At<'_, '_>) -> Option<T> {
        self.read_with(at, of_text)
    }

    /// Checks a value with the reader of a type whose schema describes its values.
    fn read_described<T: DeserializeOwned + JsonSchema>(at: At<'_, '_>, found: &mut Self) {
        found.pay(&at);
        let text = at.text();
        if let Err(error) = of_text::<T>(&text) {
            found.refuse(&error, (&at, &text), Some(&T::json_schema(&mut SchemaGenerator::default())));
        }
    }

    /// Checks a value with another reader than that of the type.
    pub fn read_with<T>(&mut self, at: &At<'_, '_>, read: fn(&str) -> serde_json::Result<T>) -> Option<T> {
        self.pay(at);
        let text = at.text();
        read(&text).map_err(|error| self.refuse(&error, (at, &text), None)).ok()
    }

    /// Reads the whole type, for rules that concern more than one field.
    pub fn whole<T: DeserializeOwned>(&mut self, at: &At<'_, '_>) -> Option<T> {
        if !self.checks_rules {
            return None;
        }
        self.pay(at);
        of_text(&at.text()).ok()
    }

    fn pay(&mut self, at: &At<'_, '_>) {
        self.fuel = self.fuel.saturating_sub(at.part().text().len());
    }

    /// Checks a value that is read as another type, with these parts, and then converted.
    pub fn converted<T: DeserializeOwned + Validate>(&mut self, at: &At<'_, '_>, source: &Parts<'_>) {
        let before = self.count();
        // Nobody checks the rules of the other type.
        at.with(|at| self.look(at, &Parts::Unchecked(source)));
        if self.count() == before {
            self.read_and_validate::<T>(at);
        }
    }

    fn read_and_validate<T: DeserializeOwned + Validate>(&mut self, at: &At<'_, '_>) {
        if let Some(value) = self.read::<T>(at)
            && self.checks_rules
            && let Err(errors) = value.validate()
        {
            self.refused_by_validator(&errors);
        }
    }
}

/// A map with these keys. It is read to learn whether it accepts a key.
pub type Hashed<K> = HashMap<K, IgnoredAny>;
/// A map with these keys in order.
pub type Sorted<K> = BTreeMap<K, IgnoredAny>;

/// Returns whether a map accepts this key, written as JSON text.
pub fn takes_key<M: DeserializeOwned>(key: &str) -> bool {
    of_text::<M>(&format!("{{{key}:null}}")).is_ok()
}

/// Selects the best way to check the values of a type in the user's code:
/// `(&&&Leaf::<T>::new()).parts()` uses [`Known`] if the type implements it, else [`Described`],
/// else [`Unknown`].
#[derive(Debug)]
pub struct Leaf<T>(PhantomData<fn() -> T>);

impl<T> Leaf<T> {
    /// Makes the placeholder of a type.
    #[expect(clippy::new_without_default, reason = "only expansions make one")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// Types that are checked part by part.
pub trait Known {
    /// Returns how to check them.
    fn parts(&self) -> Parts<'static>;
}

impl<T: Examine + DeserializeOwned + Validate> Known for &&Leaf<T> {
    fn parts(&self) -> Parts<'static> {
        Parts::Type(T::examine, may_be_missing::<T>)
    }
}

/// Types with a reader and a schema.
pub trait Described {
    /// Returns how to check them.
    fn parts(&self) -> Parts<'static>;
}

impl<T: DeserializeOwned + JsonSchema> Described for &Leaf<T> {
    fn parts(&self) -> Parts<'static> {
        Parts::Type(Found::read_described::<T>, may_be_missing::<T>)
    }
}

/// Types with a reader only. It is implemented for all types, so that a type that cannot be read is
/// reported as `Readable` says.
pub trait Unknown {
    /// The type.
    type Type;

    /// Returns how to check them.
    fn parts(&self) -> Parts<'static>
    where
        Self::Type: Readable;
}

impl<T> Unknown for Leaf<T> {
    type Type = T;

    fn parts(&self) -> Parts<'static>
    where
        T: Readable,
    {
        Parts::Type(|at, found| drop(found.read::<T>(&at)), may_be_missing::<T>)
    }
}

/// A type that a field of an input can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a field",
    label = "this cannot be read from JSON",
    note = "put `#[schema]` above the struct or enum; for a type of another crate, turn on the feature `serde` of that crate",
    note = "other errors about `{Self}`, which name `Serialize`, `Deserialize` or `JsonSchema`, have the same cause"
)]
pub trait Readable: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {}

/// Returns the structure of the items of a list or a map, which are never missing.
fn items<T: Examine + DeserializeOwned + Validate>() -> Parts<'static> {
    Parts::Type(T::examine, || false)
}

/// Returns whether serde accepts a missing key for this type, as it does for an `Option`.
fn may_be_missing<T: DeserializeOwned>() -> bool {
    T::deserialize(Missing).is_ok()
}

struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}
