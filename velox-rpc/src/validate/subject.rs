//! The types that a rule is for. A rule on a field of another type is reported in our words, at the
//! rule.

use validator::{
    AsRegex, Validate, ValidateContains, ValidateIp, ValidateLength, ValidateNonControlCharacter, ValidateRange,
    ValidateUrl, ValidationError,
};

/// Types whose length is counted.
#[diagnostic::on_unimplemented(
    message = "the rule `length` is for strings, lists and maps, not for `{Self}`",
    label = "`{Self}` has no length",
    note = "for a number, write `range(min = 1, max = 100)`"
)]
pub trait Counted: ValidateLength<u64> {}

#[diagnostic::do_not_recommend]
impl<T: ValidateLength<u64>> Counted for T {}

/// Returns the length of a value.
pub fn length(value: &impl Counted) -> Option<u64> {
    value.length()
}

/// Types that are compared with limits of type `B`.
#[diagnostic::on_unimplemented(
    message = "the rule `range` needs a number and limits of the same type, and this field is `{Self}`",
    label = "`{Self}` has no such range",
    note = "for a string, a list or a map, write `length(min = 1, max = 100)`; write the limits of a float with a point: `0.0`"
)]
pub trait Ranged<B>: ValidateRange<B> {}

#[diagnostic::do_not_recommend]
impl<T: ValidateRange<B>, B> Ranged<B> for T {}

/// Strings, which most rules are about.
#[diagnostic::on_unimplemented(
    message = "this rule is for strings, not for `{Self}`",
    label = "`{Self}` is not a string",
    note = "for another type, write your own function and `custom(function = …)`"
)]
pub trait Text: AsRef<str> {}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> Text for T {}

/// Returns whether a string is a URL.
pub fn is_url(text: &impl Text) -> bool {
    text.as_ref().validate_url()
}

/// Returns whether a string is an IP address of version 4 or 6, or of either version if both or
/// none are asked for.
pub fn is_ip(text: &impl Text, v4: bool, v6: bool) -> bool {
    let text = text.as_ref();
    match (v4, v6) {
        (true, false) => text.validate_ipv4(),
        (false, true) => text.validate_ipv6(),
        _ => text.validate_ip(),
    }
}

/// Returns whether a string has no control characters.
pub fn has_no_control(text: &impl Text) -> bool {
    text.as_ref().validate_non_control_character()
}

/// Strings, and maps with strings as keys.
#[diagnostic::on_unimplemented(
    message = "this rule is for strings and for maps with string keys, not for `{Self}`",
    label = "`{Self}` is not a string",
    note = "for another type, write your own function and `custom(function = …)`"
)]
pub trait Containing: ValidateContains {}

#[diagnostic::do_not_recommend]
impl<T: ValidateContains> Containing for T {}

/// Returns whether the value contains the string.
pub fn contains(value: &impl Containing, text: &str) -> bool {
    value.validate_contains(text)
}

/// Regular expressions.
#[diagnostic::on_unimplemented(
    message = "the rule `regex` needs a `regex::Regex`, and this is `{Self}`",
    label = "not a regular expression",
    note = "write `static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(\"…\").unwrap());` and `regex(path = *PATTERN)`"
)]
pub trait Expression: AsRegex {}

#[diagnostic::do_not_recommend]
impl<T: AsRegex> Expression for T {}

/// The result of the function of a `custom` rule.
#[diagnostic::on_unimplemented(
    message = "the function of `custom` returns a `Result<(), ValidationError>`, and this one returns `{Self}`",
    label = "`{Self}` is not a result",
    note = "write `Ok(())` for a valid value, and `Err(ValidationError::new(\"code\"))` for an invalid one"
)]
pub trait Judged {
    /// Returns the verdict.
    fn verdict(self) -> Result<(), ValidationError>;
}

impl Judged for Result<(), ValidationError> {
    fn verdict(self) -> Self {
        self
    }
}

/// Types with rules, or lists and maps of them.
#[diagnostic::on_unimplemented(
    message = "`nested` checks the rules of another type with `#[schema]`, and this type has none",
    label = "`{Self}` has no rules",
    note = "put `#[schema]` above the struct or enum, or remove `nested`",
    note = "the items of a list or a map are such types themselves: write `Vec<T>`, not `Vec<Option<T>>` or `Vec<Box<T>>`"
)]
pub trait Nested: Validate {}

#[diagnostic::do_not_recommend]
impl<T: Validate> Nested for T {}
