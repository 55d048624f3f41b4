//! Reads the doc comment and `#[deprecated]` of a procedure as text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Returns the doc comment as one text, without the space after `///`, or `None` if it is empty.
pub(crate) fn description(attrs: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attrs.iter().filter_map(doc_line).collect();
    let text = lines.iter().flat_map(|line| line.split('\n')).map(trimmed).collect::<Vec<_>>().join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns the note of `#[deprecated]`, or "deprecated" if it has no note. Returns `None` for a
/// method that is not deprecated.
pub(crate) fn deprecation(attrs: &[Attribute]) -> Option<String> {
    let attribute = attrs.iter().find(|attribute| attribute.path().is_ident("deprecated"))?;
    let mut note = None;
    if let Meta::NameValue(pair) = &attribute.meta {
        note = text(&pair.value);
    } else if let Meta::List(_) = &attribute.meta {
        // The attribute stays on the method, so the compiler reports what is wrong with it.
        let _ = attribute.parse_nested_meta(|meta| {
            let value: Expr = meta.value()?.parse()?;
            if meta.path.is_ident("note") {
                note = text(&value);
            }
            Ok(())
        });
    }
    Some(note.unwrap_or_else(|| String::from("deprecated")))
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => text(&pair.value),
        _ => None,
    }
}

fn trimmed(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line).trim_end()
}

/// Returns the text of a string literal, or `None` for anything else, such as `include_str!(…)`.
fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_lines_of_a_doc_comment_become_one_text() {
        let method: syn::ItemFn = parse_quote! {
            /// Logs a user in.
            ///
            ///   - indented
            #[inline]
            /// Last.
            fn login() {}
        };
        assert_eq!(description(&method.attrs).as_deref(), Some("Logs a user in.\n\n  - indented\nLast."));
        assert_eq!(description(&[parse_quote!(#[doc(hidden)])]), None);
    }

    #[test]
    fn every_form_of_deprecated_is_understood() {
        for (attribute, why) in [
            (parse_quote!(#[deprecated]), Some("deprecated")),
            (parse_quote!(#[deprecated = "use b"]), Some("use b")),
            (parse_quote!(#[deprecated(since = "1.0", note = "use b")]), Some("use b")),
            (parse_quote!(#[deprecated(since = "1.0")]), Some("deprecated")),
            (parse_quote!(#[inline]), None),
        ] {
            assert_eq!(deprecation(&[attribute]).as_deref(), why);
        }
    }
}
