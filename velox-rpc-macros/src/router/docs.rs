//! Doc comments and `#[deprecated]`, as texts of a procedure.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment as one text, without the blank that follows `///`; `None` if there is none.
pub(crate) fn description(attrs: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attrs.iter().filter_map(doc_line).collect();
    let text = lines.iter().flat_map(|line| line.split('\n')).map(trimmed).collect::<Vec<_>>().join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Why the method is deprecated, if it is: the note of `#[deprecated]`, or that it is.
pub(crate) fn deprecation(attrs: &[Attribute]) -> Option<String> {
    let attribute = attrs.iter().find(|attribute| attribute.path().is_ident("deprecated"))?;
    let mut note = None;
    if let Meta::NameValue(pair) = &attribute.meta {
        note = text(&pair.value);
    } else if let Meta::List(_) = &attribute.meta {
        // What it does not know, the compiler reports: the attribute stays on the method.
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

/// The text of a literal; `None` for anything else, as `include_str!(…)`.
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
