//! The problems of an input, before they are put into words.

/// A problem of an input, with the codes of Zod. An [`ErrorMap`](super::ErrorMap) makes the
/// message.
///
/// A problem never holds the value that was sent. The only exception are the keys of
/// [`UnrecognizedKeys`](Self::UnrecognizedKeys), whose number and length are bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The value has the wrong type or is missing. If it is missing, `received` is
    /// [`Type::Undefined`].
    InvalidType {
        /// The type that the schema expects.
        expected: Type,
        /// The type that was sent.
        received: Type,
    },
    /// The value is not one of the names of an enum.
    InvalidEnumValue {
        /// The allowed names.
        options: Vec<String>,
        /// The type that was sent.
        received: Type,
    },
    /// No variant of a discriminated union has this tag.
    InvalidDiscriminator {
        /// The allowed tags.
        options: Vec<String>,
    },
    /// No variant of a union accepts the value.
    InvalidUnion,
    /// The value is a string, but does not have this format.
    InvalidFormat {
        /// Zod's name of the format: `email`, `url`, `uuid`, `datetime`, `date`, `time`, `ip`.
        format: &'static str,
    },
    /// The string does not match a regular expression.
    InvalidPattern {
        /// The regular expression.
        pattern: String,
    },
    /// The string does not contain a required substring.
    MustInclude {
        /// The required substring.
        includes: &'static str,
    },
    /// A number or a length is too small.
    TooSmall {
        /// The type of the measured value: [`Type::Number`], [`Type::Text`], [`Type::Array`] or
        /// [`Type::Record`].
        origin: Type,
        /// The limit, as JavaScript prints numbers.
        minimum: String,
        /// `true` if the limit itself is allowed.
        inclusive: bool,
        /// `true` if only the limit itself is allowed.
        exact: bool,
    },
    /// A number or a length is too large.
    TooBig {
        /// The type of the measured value: a number, a string, an array or a record.
        origin: Type,
        /// The limit, as JavaScript prints numbers.
        maximum: String,
        /// `true` if the limit itself is allowed.
        inclusive: bool,
        /// `true` if only the limit itself is allowed.
        exact: bool,
    },
    /// The number is not a multiple of the divisor.
    NotMultipleOf {
        /// The divisor, as JavaScript prints numbers.
        divisor: String,
    },
    /// The object has fields that the type does not have.
    UnrecognizedKeys {
        /// The first unknown keys, each cut to a bounded length.
        keys: Vec<String>,
        /// `true` if there are more unknown keys.
        has_more: bool,
    },
    /// A custom rule failed, or a rule that Zod does not have.
    Custom {
        /// The `code` of the `ValidationError`, or the name of the rule.
        code: String,
    },
    /// The value is invalid, and nothing more is known about it.
    Invalid,
}

impl Problem {
    /// Returns whether the problem is the range of a number.
    pub(crate) fn is_range(&self) -> bool {
        matches!(self, Self::TooSmall { origin: Type::Number, .. } | Self::TooBig { origin: Type::Number, .. })
    }
}

/// The type of a value, as Zod distinguishes types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// A string.
    // If this were called `String`, rustc would write `std::string::String` in its messages about
    // applications.
    Text,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// A number with a fraction.
    Float,
    /// A string in a path or query that should have been a number.
    Nan,
    /// `true` or `false`.
    Boolean,
    /// An array.
    Array,
    /// An array whose items each have their own type.
    Tuple,
    /// An object with known keys.
    Object,
    /// An object with arbitrary keys, whose values all have the same type.
    Record,
    /// `null`.
    Null,
    /// No value: it is missing.
    Undefined,
    /// Any value that is not missing.
    NonOptional,
}
