//! Under which name the crate that uses a macro knows velox-rpc.
//!
//! Expansions name `<root>::__private::…` and nothing else but `core`, so this is the only place where the name is
//! decided.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// The path to velox-rpc.
#[derive(Clone)]
pub(crate) struct Root {
    path: TokenStream,
    name: String,
}

impl Root {
    /// What `crate = path` says, else the name in the `Cargo.toml` of the crate being compiled, so that a renamed
    /// dependency works without a word.
    ///
    /// velox-rpc itself is `::velox_rpc` too, not `crate`: its tests, examples and doc tests are crates of their own
    /// under the same manifest, so it has an `extern crate self as velox_rpc`. Without a manifest (another build tool)
    /// the usual name is assumed.
    pub(crate) fn find(explicit: Option<syn::Path>) -> Self {
        if let Some(path) = explicit {
            return Self::at(&path);
        }
        let name = match crate_name("velox-rpc") {
            Ok(FoundCrate::Name(name)) => name,
            Ok(FoundCrate::Itself) | Err(_) => String::from(USUAL_NAME),
        };
        let ident = Ident::new(&name, Span::call_site());
        Self { path: quote!(::#ident), name }
    }

    /// The root at a path the user wrote.
    fn at(path: &syn::Path) -> Self {
        let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        Self { path: path.to_token_stream(), name }
    }

    /// `<root>::__private`, where everything an expansion needs is found.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.path;
        quote!(#path::__private)
    }

    /// The same for attributes that want a path in text, as `#[serde(crate = "…")]` does.
    pub(crate) fn private_text(&self) -> String {
        self.private().to_string().replace(' ', "")
    }

    /// Whether a path that ends in `name` means velox-rpc.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == self.name || name == USUAL_NAME
    }
}

const USUAL_NAME: &str = "velox_rpc";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_path_is_taken_as_it_is() {
        let root = Root::find(Some(syn::parse_quote!(crate::deps::rpc)));
        assert_eq!(root.private_text(), "crate::deps::rpc::__private");
        assert!(root.is_called("rpc"));
        assert!(root.is_called("velox_rpc"));
        assert!(!root.is_called("Self"));
    }

    #[test]
    fn a_crate_without_the_dependency_gets_the_usual_name() {
        assert_eq!(Root::find(None).private_text(), "::velox_rpc::__private");
    }
}
