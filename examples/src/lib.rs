//! Shared code of the examples: it reads settings from environment variables. If one is invalid,
//! the error names it and the program does not start.

#![forbid(unsafe_code)]

use std::env::{self, VarError};
use std::str::FromStr;

use velox_rpc::{Error, Result};

/// Returns the text of a variable, if it is set.
///
/// # Errors
///
/// Returns an error if the variable is empty or not UTF-8. If an empty secret counted as missing, a
/// production server would run with the default for development.
pub fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) if text.is_empty() => Err(Error::internal(format!("{name} is set, but empty"))),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::internal(format!("{name} is not UTF-8"))),
    }
}

/// Returns the number in a variable, if it is set.
///
/// # Errors
///
/// Returns the errors of [`variable`], and an error if the text is not a number or the number is
/// too large.
pub fn number<T: FromStr>(name: &str) -> Result<Option<T>> {
    let Some(text) = variable(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::internal(format!("{name} is not a valid number: {text}")))
}

/// The error of an invalid variable, with all its causes.
pub fn mistake(name: &str, error: &dyn std::error::Error) -> Error {
    let mut text = format!("{name}: {error}");
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    Error::internal(text)
}
