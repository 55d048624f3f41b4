//! The types that a rule is for. A rule on a field of another type is reported in our words, at the
//! rule.

use validator::{ValidateEmail, ValidateLength, ValidateRange, ValidateUrl};

/// Types whose length is counted.
#[diagnostic::on_unimplemented(
    message = "`length` is a rule of texts, lists and maps, and `{Self}` is none of them",
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
    message = "`range` is a rule of numbers, with limits of the same type, and this field is `{Self}`",
    label = "`{Self}` has no such range",
    note = "for a text, a list or a map, write `length(min = 1, max = 100)`; limits of a float have a point, as `0.0`"
)]
pub trait Ranged<B>: ValidateRange<B> {}

#[diagnostic::do_not_recommend]
impl<T: ValidateRange<B>, B> Ranged<B> for T {}

/// Texts that may be email addresses.
#[diagnostic::on_unimplemented(
    message = "`email` is a rule of texts, and `{Self}` is none",
    label = "`{Self}` is no text"
)]
pub trait Email: ValidateEmail {}

#[diagnostic::do_not_recommend]
impl<T: ValidateEmail> Email for T {}

/// Texts that may be URLs.
#[diagnostic::on_unimplemented(
    message = "`url` is a rule of texts, and `{Self}` is none",
    label = "`{Self}` is no text"
)]
pub trait Link: ValidateUrl {}

#[diagnostic::do_not_recommend]
impl<T: ValidateUrl> Link for T {}

/// Returns whether a text is a URL.
pub fn is_url(text: &impl Link) -> bool {
    text.validate_url()
}
