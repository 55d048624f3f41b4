//! serde's `rename_all`: converts Rust names to names on the wire.

use syn::Meta;

use crate::schema::attributes::incoming_text;

/// A value of `rename_all`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    Unchanged,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    /// Returns the rule that an attribute such as `rename_all` sets. `is_camel` tells whether
    /// `#[schema]` adds that attribute, with `camelCase`.
    pub(crate) fn of(serde: &[Meta], attribute: &str, is_camel: bool) -> Self {
        let unset = if is_camel { Self::Camel } else { Self::Unchanged };
        incoming_text(serde, attribute).map_or(unset, |name| Self::named(&name))
    }

    /// Returns the rule of a name. serde reports a name that it does not know.
    pub(crate) fn named(name: &str) -> Self {
        RULES.iter().find(|(known, _)| *known == name).map_or(Self::Unchanged, |(_, rule)| *rule)
    }

    /// Converts a field's name, which is `snake_case` in Rust.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Unchanged | Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => lower_first(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// Converts a variant's name, which is `PascalCase` in Rust.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Unchanged | Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => lower_first(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

/// Converts a name as serde does: a letter after `_` becomes upper case, and all others stay as
/// they are.
fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut starts = true;
    for letter in name.chars() {
        if letter == '_' {
            starts = true;
        } else {
            pascal.push(if starts { letter.to_ascii_uppercase() } else { letter });
            starts = false;
        }
    }
    pascal
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (position, letter) in name.char_indices() {
        if position > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

const RULES: [(&str, Rule); 8] = [
    ("lowercase", Rule::Lower),
    ("UPPERCASE", Rule::Upper),
    ("PascalCase", Rule::Pascal),
    ("camelCase", Rule::Camel),
    ("snake_case", Rule::Snake),
    ("SCREAMING_SNAKE_CASE", Rule::ScreamingSnake),
    ("kebab-case", Rule::Kebab),
    ("SCREAMING-KEBAB-CASE", Rule::ScreamingKebab),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_makes_of_them() {
        for (rule, field, variant) in [
            ("lowercase", "user_id", "userid"),
            ("UPPERCASE", "USER_ID", "USERID"),
            ("PascalCase", "UserId", "UserId"),
            ("camelCase", "userId", "userId"),
            ("snake_case", "user_id", "user_id"),
            ("SCREAMING_SNAKE_CASE", "USER_ID", "USER_ID"),
            ("kebab-case", "user-id", "user-id"),
            ("SCREAMING-KEBAB-CASE", "USER-ID", "USER-ID"),
            ("wrong", "user_id", "UserId"),
        ] {
            assert_eq!(Rule::named(rule).field("user_id"), field);
            assert_eq!(Rule::named(rule).variant("UserId"), variant);
        }
    }
}
