//! Strings: formats, lengths, regular expressions, and strings that change when they are read.

use std::net::IpAddr;
use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate};
use regex::Regex;
use uuid::Uuid;
use validator::ValidationError;
use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_bodies()
        .rule::<Text>("string")
        .rule::<Email>("email")
        .rule::<Url>("url")
        .rule::<Id>("uuid")
        .rule::<Moment>("datetime")
        .rule::<Day>("date")
        .rule::<Address>("ip")
        .rule::<Length>("textLength")
        .rule::<Message>("textMessage")
        .rule::<Min>("textMin")
        .rule::<Max>("textMax")
        .rule::<Exact>("textExact")
        .rule::<Includes>("includes")
        .rule::<MinAndEmail>("minAndEmail")
        .rule::<Digits>("regexDigits")
        .rule::<Word>("regexWord")
        .rule::<Any>("regexAny")
        .rule::<Space>("regexSpace")
        .rule::<Case>("regexCase")
        .rule::<Boundary>("regexBoundary")
        .rule::<Refined>("refine")
        .rule::<RefinedSilently>("refineSilent")
        .rule::<Trimmed>("trim")
        .rule::<Lower>("toLowerCase")
        .rule::<Upper>("toUpperCase")
        .rule::<TrimmedAndMin>("trimMin")
        .rule::<TrimmedEmail>("trimLowerEmail")
        .rule::<TrimmedOptional>("trimOptional")
        .rule::<TrimmedList>("trimList")
}

#[schema]
struct Text {
    v: String,
}

#[schema]
struct Email {
    #[validate(email)]
    v: String,
}

#[schema]
struct Url {
    #[validate(url)]
    v: String,
}

#[schema]
struct Id {
    v: Uuid,
}

#[schema]
struct Moment {
    v: DateTime<FixedOffset>,
}

#[schema]
struct Day {
    v: NaiveDate,
}

#[schema]
struct Address {
    v: IpAddr,
}

#[schema]
struct Length {
    #[validate(length(min = 2, max = 5))]
    v: String,
}

#[schema]
struct Message {
    #[validate(length(min = 2, max = 5, message = "Not that long"))]
    v: String,
}

#[schema]
struct Min {
    #[validate(length(min = 3))]
    v: String,
}

#[schema]
struct Max {
    #[validate(length(max = 3))]
    v: String,
}

#[schema]
struct Exact {
    #[validate(length(equal = 2))]
    v: String,
}

#[schema]
struct Includes {
    #[validate(contains(pattern = "@"))]
    v: String,
}

#[schema]
struct MinAndEmail {
    #[validate(length(min = 8), email)]
    v: String,
}

static DIGITS: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d{5}$"));

#[schema]
struct Digits {
    #[validate(regex(path = *DIGITS, message = "Invalid zip"))]
    v: String,
}

static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"^\w+$"));

#[schema]
struct Word {
    #[validate(regex(path = *WORD))]
    v: String,
}

static ANY: LazyLock<Regex> = LazyLock::new(|| regex(r"^.{2}$"));

#[schema]
struct Any {
    #[validate(regex(path = *ANY))]
    v: String,
}

static SPACE: LazyLock<Regex> = LazyLock::new(|| regex(r"^\S+$"));

#[schema]
struct Space {
    #[validate(regex(path = *SPACE))]
    v: String,
}

static CASE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(straße|kelvin|σ|i)$"));

#[schema]
struct Case {
    #[validate(regex(path = *CASE))]
    v: String,
}

static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| regex(r"\bcat\b"));

#[schema]
struct Boundary {
    #[validate(regex(path = *BOUNDARY))]
    v: String,
}

#[schema]
struct Refined {
    #[validate(custom(function = "no_spaces", message = "No spaces"))]
    v: String,
}

#[schema]
struct RefinedSilently {
    #[validate(custom(function = "no_spaces"))]
    v: String,
}

#[schema]
struct Trimmed {
    #[schema(trim)]
    v: String,
}

#[schema]
struct Lower {
    #[schema(lowercase)]
    v: String,
}

#[schema]
struct Upper {
    #[schema(uppercase)]
    v: String,
}

#[schema]
struct TrimmedAndMin {
    #[schema(trim)]
    #[validate(length(min = 2, max = 5))]
    v: String,
}

#[schema]
struct TrimmedEmail {
    #[schema(trim, lowercase)]
    #[validate(email, custom(function = "in_lower_case", message = "Not in lower case"))]
    v: String,
}

#[schema]
struct TrimmedOptional {
    #[schema(trim, uppercase)]
    #[validate(length(min = 2))]
    v: Option<String>,
}

#[schema]
struct TrimmedList {
    #[schema(trim)]
    v: Vec<String>,
}

fn in_lower_case(text: &str) -> Result<(), ValidationError> {
    if text == text.to_lowercase() { Ok(()) } else { Err(ValidationError::new("case")) }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

fn no_spaces(text: &str) -> Result<(), ValidationError> {
    if text.contains(' ') { Err(ValidationError::new("spaces")) } else { Ok(()) }
}
