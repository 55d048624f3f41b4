//! Where a value is not of the type that was asked for, without a word of the value.
//!
//! What serde_json says of it holds the value. So the value is read once more, after it was refused, by a reader whose
//! errors are places: they hold indices and what the type itself names, and no key of a map.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::error::ValueKind;
use super::map_key::MapKey;

/// What is wrong with a value.
pub(super) struct Mismatch {
    /// Where in the value, as in `items[1].count`; empty for the value itself.
    pub(super) path: String,
    pub(super) found: ValueKind,
    /// The field that is not there.
    pub(super) missing: Option<&'static str>,
}

impl Mismatch {
    /// What kept `value` from being read as a `T`.
    #[cold]
    pub(super) fn of<T: DeserializeOwned>(value: &Value) -> Self {
        let whole = Place { value, step: Step::Whole };
        // Where this reader takes what serde_json refused, the place is not known.
        T::deserialize(whole).err().and_then(|fault| fault.known).unwrap_or_else(|| whole.mismatch(None))
    }
}

/// A value inside the one that is read.
#[derive(Clone, Copy)]
struct Place<'de, 'p> {
    value: &'de Value,
    step: Step<'de, 'p>,
}

/// How a value lies in the one around it.
#[derive(Clone, Copy)]
enum Step<'de, 'p> {
    Whole,
    Item(&'p Place<'de, 'p>, usize),
    Field(&'p Place<'de, 'p>, &'static str),
    /// Under a key that the type does not name: it is data.
    Entry(&'p Place<'de, 'p>),
}

impl<'de> Place<'de, '_> {
    fn mismatch(&self, missing: Option<&'static str>) -> Mismatch {
        Mismatch { path: self.to_string(), found: ValueKind::of(self.value), missing }
    }

    /// The innermost place that a fault comes by is the one where it is.
    fn located<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|Fault { known, missing }| Fault {
            known: known.or_else(|| Some(self.mismatch(missing))),
            missing,
        })
    }

    /// Reads a value whose type names these fields.
    fn read<V: Visitor<'de>>(&self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.located(match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let mut items =
                    SeqDeserializer::new(items.map(|(index, value)| Place { value, step: Step::Item(self, index) }));
                visitor.visit_seq(&mut items).and_then(|read| items.end().map(|()| read))
            }
            Value::Object(entries) => {
                let mut entries = MapDeserializer::new(entries.iter().map(|(key, value)| {
                    let field = fields.iter().find(|field| *field == key);
                    let step = field.map_or(Step::Entry(self), |field| Step::Field(self, field));
                    (MapKey(key), Place { value, step })
                }));
                visitor.visit_map(&mut entries).and_then(|read| entries.end().map(|()| read))
            }
        })
    }
}

impl<'de> Deserializer<'de> for Place<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.read(&[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.read(fields, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.located(if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.located(match self.value {
            Value::String(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Value::Object(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| (MapKey(key), Place { value, step: Step::Entry(&self) }));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries)))
            }
            _ => Err(Fault::default()),
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Place<'de, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl fmt::Display for Place<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outer, name) = match self.step {
            Step::Whole => return Ok(()),
            Step::Item(outer, index) => return write!(f, "{outer}[{index}]"),
            Step::Field(outer, name) => (outer, name),
            Step::Entry(outer) => (outer, "*"),
        };
        let dot = if matches!(outer.step, Step::Whole) { "" } else { "." };
        write!(f, "{outer}{dot}{name}")
    }
}

/// An error of reading that keeps nothing of what was read.
#[derive(Default)]
pub(super) struct Fault {
    known: Option<Mismatch>,
    missing: Option<&'static str>,
}

impl Error for Fault {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self::default()
    }

    fn missing_field(field: &'static str) -> Self {
        Self { known: None, missing: Some(field) }
    }
}

impl std::error::Error for Fault {}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault(..)")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is of another type")
    }
}
