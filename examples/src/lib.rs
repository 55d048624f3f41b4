//! What the examples share: settings from the environment. A mistake in one names its variable, and keeps the program from starting.

#![forbid(unsafe_code)]

use std::env::{self, VarError};
use std::error::Error;
use std::str::FromStr;

/// The text of a variable, if it is set.
///
/// # Errors
///
/// The variable is set, but empty or not UTF-8. To take an empty secret for one that is not set would be to run in production with
/// what is meant for development.
pub fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Err(format!("{name} is set, but empty")),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// The number in a variable, if it is set.
///
/// # Errors
///
/// As for [`variable`], and where it is no number, or too large a one.
pub fn number<T: FromStr>(name: &str) -> Result<Option<T>, String> {
    let Some(text) = variable(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{name} is no number that fits: {text}"))
}

/// What is wrong with a variable, with all the causes.
pub fn mistake(name: &str, error: &dyn Error) -> String {
    let mut text = format!("{name}: {error}");
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
