//! The answer of Zod or of velox to one value.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

/// The verdict on one value.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The value is accepted. Holds the output.
    Taken(Value),
    /// The value is refused. Holds paths and messages, in order.
    Refused(Vec<(String, String)>),
    /// velox did not read the body. Holds the error's code.
    Unread(String),
}

/// A case as zod.mjs prints it.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) input: String,
    ok: bool,
    #[serde(default)]
    output: Value,
    issues: Vec<(String, String)>,
    /// The decoded strings of a query.
    #[serde(default)]
    pub(crate) texts: Vec<String>,
}

impl Vector {
    pub(crate) fn zod(&self) -> Answer {
        if self.ok { Answer::Taken(self.output.clone()) } else { Answer::Refused(self.issues.clone()) }
    }
}

impl Answer {
    /// Reads a reply of velox.
    pub(crate) fn of_reply(status: StatusCode, body: Value) -> Answer {
        if status.is_success() {
            return Answer::Taken(body);
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match body["details"].as_array() {
            Some(issues) => {
                Answer::Refused(issues.iter().map(|issue| (text(&issue["field"]), text(&issue["message"]))).collect())
            }
            None => Answer::Unread(text(&body["code"])),
        }
    }

    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Answer::Taken(_))
    }

    /// Returns whether velox refused the body with this code before it validated it.
    pub(crate) fn is_unread(&self, code: &str) -> bool {
        matches!(self, Answer::Unread(other) if other == code)
    }

    pub(crate) fn issues(&self) -> &[(String, String)] {
        match self {
            Answer::Refused(issues) => issues,
            Answer::Taken(_) | Answer::Unread(_) => &[],
        }
    }

    /// Returns whether one of the issues has this message.
    pub(crate) fn says(&self, message: &str) -> bool {
        self.issues().iter().any(|(_, text)| text == message)
    }

    pub(crate) fn agrees(&self, other: &Answer) -> bool {
        match (self, other) {
            (Answer::Taken(one), Answer::Taken(other)) => is_same(one, other),
            (Answer::Refused(one), Answer::Refused(other)) => one == other,
            _ => false,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Taken(output) => write!(f, "takes it as {output}"),
            Answer::Refused(issues) => {
                let issues: Vec<_> = issues.iter().map(|(path, text)| format!("{path}: {text}")).collect();
                write!(f, "refuses it: {}", issues.join("; "))
            }
            Answer::Unread(code) => write!(f, "does not read it: {code}"),
        }
    }
}

/// Compares numbers as JavaScript does, where `1` and `1.0` are the same number.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| is_same(one, other)))
        }
        (one, other) => one == other,
    }
}
