//! The wording of validation problems: that of Zod 3, that of Zod 4, or an application's own.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::{Problem, Type};

/// The wording of validation problems, like an error map of Zod. Set it with
/// [`App::error_map`](crate::App::error_map).
///
/// An error map does not change a message that you set for a rule (`message = "…"`), or a message
/// from the custom deserializer of a type.
#[derive(Clone)]
pub struct ErrorMap(Arc<dyn Fn(&Problem) -> String + Send + Sync>);

impl ErrorMap {
    /// Returns the messages of Zod 3, which VeloxTS 0.6 uses. This is the default.
    #[must_use]
    pub fn zod3() -> Self {
        Self(Arc::new(zod3))
    }

    /// Returns the messages of Zod 4.
    #[must_use]
    pub fn zod4() -> Self {
        Self(Arc::new(zod4))
    }

    /// Makes an error map with your own messages, for example in another language. If the closure
    /// returns `None`, the message is that of Zod 3.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde_json::json;
    /// use velox_rpc::error::{ErrorMap, Problem, Type};
    /// use velox_rpc::{App, Call, Router, procedure, schema};
    ///
    /// #[schema]
    /// struct SignUp {
    ///     #[validate(email)]
    ///     email: String,
    ///     age: u8,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let german = ErrorMap::new(|problem| {
    ///     Some(match problem {
    ///         Problem::InvalidType { received: Type::Undefined, .. } => "Pflichtfeld".to_owned(),
    ///         Problem::InvalidFormat { format: "email", .. } => "Keine E-Mail-Adresse".to_owned(),
    ///         Problem::TooBig { origin: Type::Number, maximum, .. } => format!("Höchstens {maximum}"),
    ///         _ => return None,
    ///     })
    /// });
    /// let sign_up = procedure().input::<SignUp>().mutation(|Call { input, .. }| Ok(input.email));
    /// let app = App::new(()).router(Router::new("users").procedure("signUp", sign_up)).error_map(german);
    ///
    /// let refused = app.caller().call_named("users.signUp", &json!({"email": "ada", "age": 256})).await.result.unwrap_err();
    /// assert_eq!(refused.members()["fields"], json!({"email": "Keine E-Mail-Adresse", "age": "Höchstens 255"}));
    /// # }
    /// ```
    #[must_use]
    pub fn new(text: impl Fn(&Problem) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |problem| text(problem).unwrap_or_else(|| zod3(problem))))
    }

    /// Returns the message for a problem.
    #[must_use]
    pub fn text(&self, problem: &Problem) -> String {
        (self.0)(problem)
    }
}

impl Default for ErrorMap {
    fn default() -> Self {
        Self::zod3()
    }
}

impl fmt::Debug for ErrorMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorMap").finish_non_exhaustive()
    }
}

/// Returns the exact text of Zod 3, but never repeats the value that was sent.
fn zod3(problem: &Problem) -> String {
    match problem {
        Problem::InvalidType { received: Type::Undefined, .. }
        | Problem::InvalidEnumValue { received: Type::Undefined, .. } => "Required".to_owned(),
        Problem::InvalidType { expected, received } => {
            format!("Expected {}, received {}", expected.name(), received.name())
        }
        Problem::InvalidEnumValue { options, received: Type::Text } => {
            format!("Invalid enum value. Expected {}", joined(options, '\'', " | "))
        }
        Problem::InvalidEnumValue { options, received } => {
            format!("Expected {}, received {}", joined(options, '\'', " | "), received.name())
        }
        Problem::InvalidDiscriminator { options } => {
            format!("Invalid discriminator value. Expected {}", joined(options, '\'', " | "))
        }
        Problem::InvalidFormat { format } => format!("Invalid {format}"),
        Problem::InvalidPattern { .. } => "Invalid".to_owned(),
        Problem::MustInclude { includes } => format!("Invalid input: must include \"{includes}\""),
        Problem::TooSmall { origin, minimum, inclusive, exact } => {
            bound3(*origin, minimum, *exact, if *inclusive { LEAST } else { ABOVE })
        }
        Problem::TooBig { origin, maximum, inclusive, exact } => {
            bound3(*origin, maximum, *exact, if *inclusive { MOST } else { BELOW })
        }
        Problem::NotMultipleOf { divisor } => format!("Number must be a multiple of {divisor}"),
        Problem::UnrecognizedKeys { keys, has_more } => {
            let more = if *has_more { ", …" } else { "" };
            format!("Unrecognized key(s) in object: {}{more}", joined(keys, '\'', ", "))
        }
        Problem::InvalidUnion | Problem::Custom { .. } | Problem::Invalid => INVALID_INPUT.to_owned(),
    }
}

/// The words of Zod 3 for a limit of a number, and for a limit of a length.
type Side = [&'static str; 2];

const LEAST: Side = ["greater than or equal to", "at least"];
const MOST: Side = ["less than or equal to", "at most"];
const ABOVE: Side = ["greater than", "more than"];
const BELOW: Side = ["less than", "less than"];

fn bound3(origin: Type, limit: &str, exact: bool, [of_number, of_length]: Side) -> String {
    let amount = if exact { "exactly" } else { of_length };
    match origin {
        Type::Text => format!("String must contain {amount} {limit} character(s)"),
        Type::Array => format!("Array must contain {amount} {limit} element(s)"),
        Type::Number => format!("Number must be {} {limit}", if exact { "exactly equal to" } else { of_number }),
        // Zod 3 has no text for the size of other types.
        _ => INVALID_INPUT.to_owned(),
    }
}

/// Returns the exact text of Zod 4, but never repeats the value that was sent.
fn zod4(problem: &Problem) -> String {
    match problem {
        Problem::InvalidType { expected, received } => {
            let received = if *received == Type::Float { Type::Number } else { *received };
            format!("Invalid input: expected {}, received {}", name4(*expected), name4(received))
        }
        Problem::InvalidEnumValue { options, .. } if options.len() == 1 => {
            format!("Invalid input: expected {}", joined(options, '"', "|"))
        }
        Problem::InvalidEnumValue { options, .. } => {
            format!("Invalid option: expected one of {}", joined(options, '"', "|"))
        }
        Problem::InvalidDiscriminator { options } => {
            format!("Invalid discriminator value. Expected {}", joined(options, '\'', " | "))
        }
        Problem::InvalidFormat { format } => format!("Invalid {}", format4(format)),
        Problem::InvalidPattern { pattern } => format!("Invalid string: must match pattern /{pattern}/"),
        Problem::MustInclude { includes } => format!("Invalid string: must include \"{includes}\""),
        Problem::TooSmall { origin, minimum, inclusive, exact } => {
            bound4("small", *origin, minimum, *exact, if *inclusive { ">=" } else { ">" })
        }
        Problem::TooBig { origin, maximum, inclusive, exact } => {
            bound4("big", *origin, maximum, *exact, if *inclusive { "<=" } else { "<" })
        }
        Problem::NotMultipleOf { divisor } => format!("Invalid number: must be a multiple of {divisor}"),
        Problem::UnrecognizedKeys { keys, has_more } => {
            let (s, more) = (if keys.len() > 1 { "s" } else { "" }, if *has_more { ", …" } else { "" });
            format!("Unrecognized key{s}: {}{more}", joined(keys, '"', ", "))
        }
        Problem::InvalidUnion | Problem::Custom { .. } | Problem::Invalid => INVALID_INPUT.to_owned(),
    }
}

fn bound4(what: &str, origin: Type, limit: &str, exact: bool, relation: &str) -> String {
    let relation = if exact { "exactly " } else { relation };
    let (verb, unit) = match origin {
        Type::Text => ("have", " characters"),
        Type::Array => ("have", " items"),
        Type::Record => ("have", " entries"),
        _ => ("be", ""),
    };
    format!("Too {what}: expected {} to {verb} {relation}{limit}{unit}", name4(origin))
}

fn name4(ty: Type) -> &'static str {
    match ty {
        Type::Integer => "int",
        Type::Nan => "NaN",
        Type::Tuple => "tuple",
        Type::Record => "record",
        other => other.name(),
    }
}

fn format4(format: &str) -> &str {
    match format {
        "email" => "email address",
        "url" => "URL",
        "uuid" => "UUID",
        "datetime" => "ISO datetime",
        "date" => "ISO date",
        "time" => "ISO time",
        "ip" => "IP address",
        other => other,
    }
}

impl Type {
    /// Returns the name that Zod 3 uses.
    fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Nan => "nan",
            Self::Boolean => "boolean",
            Self::Array | Self::Tuple => "array",
            Self::Object | Self::Record => "object",
            Self::Null => "null",
            Self::Undefined => "undefined",
            Self::NonOptional => "nonoptional",
        }
    }
}

/// Joins words in quotes, for example `'a' | 'b'`.
fn joined(words: &[String], quote: char, separator: &str) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        let separator = if index > 0 { separator } else { "" };
        write!(text, "{separator}{quote}{word}{quote}").expect("writing to a string does not fail");
    }
    text
}

const INVALID_INPUT: &str = "Invalid input";
