//! Converts names between Rust and the wire.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// Converts a method's name to its name on the wire: `get_profile` → `getProfile`. A name that is
/// already camelCase does not change.
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => pascal,
    }
}

/// Converts a name to PascalCase: `tenant_of_user` → `TenantOfUser`.
pub(crate) fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    for word in name.split('_').filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        pascal.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        pascal.push_str(letters.as_str());
    }
    pascal
}

/// Converts a path parameter to the name of the field it most likely stands for: `userId` →
/// `user_id`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (position, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && position > 0 && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(if letter == '-' { '_' } else { letter }.to_lowercase());
    }
    snake
}

/// Returns the name without the `r#` of a raw identifier.
pub(crate) fn unraw(name: &Ident) -> String {
    name.unraw().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_name_becomes_the_name_a_typescript_client_expects() {
        for (rust, wire) in [
            ("get_profile", "getProfile"),
            ("getProfile", "getProfile"),
            ("list", "list"),
            ("get_2fa_code", "get2faCode"),
            ("_internal", "internal"),
            ("get__twice_", "getTwice"),
            ("über_uns", "überUns"),
        ] {
            assert_eq!(camel(rust), wire);
        }
    }

    #[test]
    fn a_raw_identifier_loses_its_prefix() {
        assert_eq!(unraw(&syn::parse_quote!(r#move)), "move");
    }

    #[test]
    fn a_wire_name_finds_its_field() {
        for (wire, rust) in
            [("userId", "user_id"), ("id", "id"), ("user-id", "user_id"), ("user_id", "user_id"), ("ID", "i_d")]
        {
            assert_eq!(snake(wire), rust);
        }
    }
}
