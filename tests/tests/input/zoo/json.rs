//! JSON as text: it keeps the spelling of numbers and allows duplicate keys.

use std::fmt;
use std::fmt::Write as _;

use serde_json::Value;

#[derive(Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    /// The number as it is spelled.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// How a value is written as text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Plain,
    Spaced,
    /// Writes each character of a string or key as an escape.
    Escaped,
}

impl Json {
    pub(crate) fn number(text: &str) -> Self {
        Self::Number(text.to_owned())
    }

    /// All values in it, beginning with itself.
    pub(crate) fn all(&self) -> Vec<&Json> {
        let mut all = vec![self];
        match self {
            Self::List(items) => all.extend(items.iter().flat_map(Self::all)),
            Self::Object(entries) => all.extend(entries.iter().flat_map(|(_, value)| value.all())),
            _ => {}
        }
        all
    }

    /// The `n`th of the values in it that `fits` selects.
    pub(crate) fn nth_mut(&mut self, n: &mut usize, fits: fn(&Json) -> bool) -> Option<&mut Json> {
        if fits(self) {
            if *n == 0 {
                return Some(self);
            }
            *n -= 1;
        }
        match self {
            Self::List(items) => items.iter_mut().find_map(|item| item.nth_mut(n, fits)),
            Self::Object(entries) => entries.iter_mut().find_map(|(_, value)| value.nth_mut(n, fits)),
            _ => None,
        }
    }

    pub(crate) fn write(&self, style: Style) -> String {
        let mut text = String::new();
        self.write_to(style, &mut text);
        text
    }

    fn write_to(&self, style: Style, text: &mut String) {
        let space = if style == Style::Spaced { " \n" } else { "" };
        match self {
            Self::Null => text.push_str("null"),
            Self::Boolean(boolean) => text.push_str(if *boolean { "true" } else { "false" }),
            Self::Number(number) => text.push_str(number),
            Self::Text(inner) => write_text(inner, style, text),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(space);
                    item.write_to(style, text);
                    text.push_str(space);
                }
                text.push(']');
            }
            Self::Object(entries) => {
                text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(space);
                    write_text(key, style, text);
                    text.push_str(space);
                    text.push(':');
                    text.push_str(space);
                    value.write_to(style, text);
                }
                text.push_str(space);
                text.push('}');
            }
        }
    }

    /// Looks up a path such as `lines[1].name`.
    pub(crate) fn at<'j, 'p>(&'j self, path: &'p str) -> Place<'j, 'p> {
        if path.is_empty() {
            return Place::There(self);
        }
        match self {
            Self::List(items) => {
                let step = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                let Some((index, rest)) = step else { return Place::Nowhere };
                match index.parse().ok().and_then(|index: usize| items.get(index)) {
                    Some(item) => item.at(rest),
                    None => Place::Nowhere,
                }
            }
            Self::Object(entries) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                // A key may contain dots.
                let further = entries.iter().filter_map(|(key, value)| Some((path.strip_prefix(key.as_str())?, value)));
                let further = further.filter(|(rest, _)| rest.is_empty() || rest.starts_with(['.', '[']));
                let mut places: Vec<_> = further.map(|(rest, value)| value.at(rest)).collect();
                let is_there = |place: &Place<'_, '_>| matches!(place, Place::There(_));
                match places.iter().position(is_there) {
                    Some(there) => places.swap_remove(there),
                    None => places.pop().unwrap_or(Place::Missing(path)),
                }
            }
            _ => Place::Nowhere,
        }
    }

    /// Returns whether any object has the same key twice.
    pub(crate) fn has_twins(&self) -> bool {
        self.all().into_iter().any(|value| match value {
            Self::Object(entries) => {
                entries.iter().enumerate().any(|(at, (key, _))| entries[..at].iter().any(|(other, _)| other == key))
            }
            _ => false,
        })
    }
}

/// The place that a path leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'j, 'p> {
    There(&'j Json),
    /// The path ends in an object without this key.
    Missing(&'p str),
    Nowhere,
}

fn write_text(inner: &str, style: Style, text: &mut String) {
    if style != Style::Escaped {
        text.push_str(&Value::from(inner).to_string());
        return;
    }
    text.push('"');
    inner.encode_utf16().for_each(|unit| write!(text, "\\u{unit:04x}").expect("writing to a string never fails"));
    text.push('"');
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(boolean) => Self::Boolean(*boolean),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(Style::Plain))
    }
}
