//! What can be wrong with a part of an input, before it is put into words.

/// What is wrong with a part of an input, by the codes that Zod has for it: an [`ErrorMap`](super::ErrorMap) puts it into words.
///
/// It never holds the value that was sent, but for the keys of [`UnrecognizedKeys`](Self::UnrecognizedKeys), whose number and length are
/// bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It has another type, or is missing: then it was received as [`Type::Undefined`].
    InvalidType {
        /// What the schema wants.
        expected: Type,
        /// What was sent.
        received: Type,
    },
    /// It is none of the names of an enum.
    InvalidEnumValue {
        /// The names.
        options: Vec<String>,
        /// What was sent.
        received: Type,
    },
    /// No variant of a discriminated union has this tag.
    InvalidDiscriminator {
        /// The tags.
        options: Vec<String>,
    },
    /// No variant of a union takes it.
    InvalidUnion,
    /// It is a text, but not of this format.
    InvalidFormat {
        /// As Zod calls it: `email`, `url`, `uuid`, `datetime`, `date`, `time`, `ip`.
        format: &'static str,
    },
    /// It does not match a regular expression.
    InvalidPattern {
        /// The expression.
        pattern: String,
    },
    /// A text that has to be in it is not.
    MustInclude {
        /// The text.
        includes: &'static str,
    },
    /// A number, or the length of something, is too small.
    TooSmall {
        /// What is measured: [`Type::Number`], [`Type::Text`], [`Type::Array`], [`Type::Record`].
        origin: Type,
        /// The limit, as JavaScript prints a number.
        minimum: String,
        /// Whether the limit itself is allowed.
        inclusive: bool,
        /// Whether nothing but the limit is allowed.
        exact: bool,
    },
    /// A number, or the length of something, is too big.
    TooBig {
        /// What is measured.
        origin: Type,
        /// The limit, as JavaScript prints a number.
        maximum: String,
        /// Whether the limit itself is allowed.
        inclusive: bool,
        /// Whether nothing but the limit is allowed.
        exact: bool,
    },
    /// A number is no multiple.
    NotMultipleOf {
        /// Of this number, as JavaScript prints it.
        divisor: String,
    },
    /// There are fields that the type does not have.
    UnrecognizedKeys {
        /// The first of them, each cut to a bounded length.
        keys: Vec<String>,
        /// Whether there are more.
        has_more: bool,
    },
    /// A rule of one's own is broken, or another one that Zod does not have.
    Custom {
        /// The `code` of the `ValidationError`, or the name of the rule.
        code: String,
    },
    /// It is wrong, and nothing more is known of it.
    Invalid,
}

impl Problem {
    /// Whether it is about the range of a number.
    pub(crate) fn is_range(&self) -> bool {
        matches!(self, Self::TooSmall { origin: Type::Number, .. } | Self::TooBig { origin: Type::Number, .. })
    }
}

/// The type of a value, as Zod tells types apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// A text.
    // Were it called `String`, rustc would write `std::string::String` in its messages about applications.
    Text,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// A number with one.
    Float,
    /// What a text of a path or query is that was to be a number.
    Nan,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A list whose items have types of their own.
    Tuple,
    /// An object whose keys are known.
    Object,
    /// An object of any keys, all of whose values have one type.
    Record,
    /// `null`.
    Null,
    /// Nothing: it is missing.
    Undefined,
    /// Anything that is not missing.
    NonOptional,
}
