//! The reader of JSON text, and deserializers that `#[schema]` puts on fields. These accept what the
//! type's deserializer accepts, and change the value.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// Reads a value from JSON text.
///
/// It passes bytes to serde_json, which then checks that each key is text. For a map with `bool`s as
/// keys, serde_json begins another key at its second byte, which may be inside a character.
///
/// # Errors
///
/// Returns the errors of the type's deserializer.
pub(super) fn of_text<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_slice(text.as_bytes())
}

/// Deserializes a field that is present, including `null`, so that `Some(None)` differs from a
/// missing field.
///
/// # Errors
///
/// Returns the errors of the type's deserializer.
pub fn double_option<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Deserializes strings and changes them as Zod's `.trim()`, `.toLowerCase()` and `.toUpperCase()`
/// do.
///
/// # Errors
///
/// Returns the errors of the type's deserializer.
pub fn changed<'de, const TRIM: bool, const LOWER: bool, const UPPER: bool, T, D>(
    deserializer: D,
) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Texts,
    D: Deserializer<'de>,
{
    let change = |text: String| {
        let trimmed = if TRIM { text.trim_matches(is_space) } else { &text };
        match (LOWER, UPPER) {
            (true, _) => trimmed.to_lowercase(),
            (_, true) => trimmed.to_uppercase(),
            _ => trimmed.to_owned(),
        }
    };
    T::deserialize(deserializer).map(|texts| texts.map(&change))
}

/// Works like [`changed`], for a field where `Some(None)` differs from a missing field.
///
/// # Errors
///
/// Returns the errors of the type's deserializer.
pub fn double_changed<'de, const TRIM: bool, const LOWER: bool, const UPPER: bool, T, D>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de> + Texts,
    D: Deserializer<'de>,
{
    changed::<TRIM, LOWER, UPPER, T, D>(deserializer).map(Some)
}

/// Returns whether JavaScript treats this character as white space.
fn is_space(char: char) -> bool {
    char == '\u{feff}' || char.is_whitespace() && char != '\u{85}'
}

/// Returns the default of a field with `#[serde(default)]`.
pub fn default_of<T: Defaulted>() -> T {
    T::default()
}

/// Types with a default.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default, which `#[serde(default)]` needs",
    label = "`{Self}` does not implement `Default`",
    note = "put `#[derive(Default)]` above `{Self}`, for an enum with `#[default]` above one variant; or write `#[serde(default = \"…\")]` with the name of a function"
)]
pub trait Defaulted: Default {}

#[diagnostic::do_not_recommend]
impl<T: Default> Defaulted for T {}

/// Types that hold strings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a string",
    label = "not a string",
    note = "`trim`, `lowercase` and `uppercase` are for `String`, and for an `Option` or a `Vec` of it"
)]
pub trait Texts: Sized {
    /// Changes each string.
    #[must_use]
    fn map(self, change: &impl Fn(String) -> String) -> Self;
}

impl Texts for String {
    fn map(self, change: &impl Fn(String) -> String) -> Self {
        change(self)
    }
}

impl<T: Texts> Texts for Option<T> {
    fn map(self, change: &impl Fn(String) -> String) -> Self {
        self.map(|texts| texts.map(change))
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn map(self, change: &impl Fn(String) -> String) -> Self {
        self.into_iter().map(|texts| texts.map(change)).collect()
    }
}
