//! The path to velox-rpc in the crate that uses a macro.
//!
//! Expansions name only `core` and `<root>::__private::…`, and only this module decides what the
//! root is.

use std::path::PathBuf;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::place;

/// The path to velox-rpc.
#[derive(Clone)]
pub(crate) struct Root {
    path: TokenStream,
    name: String,
}

impl Root {
    /// Uses the path of `crate = path` if there is one, otherwise the name in the `Cargo.toml` of
    /// the crate being compiled. A renamed dependency therefore works without `crate = …`.
    ///
    /// Inside velox-rpc itself the path is `::velox_rpc` too, not `crate`. Its integration tests,
    /// examples and doctests are separate crates under the same manifest, so velox-rpc has an
    /// `extern crate self as velox_rpc`. If there is no manifest (another build tool), the usual
    /// name is assumed.
    pub(crate) fn find(explicit: Option<syn::Path>) -> Self {
        if let Some(path) = explicit {
            return Self::at(&path);
        }
        let named = if is_plain() { Ok(FoundCrate::Itself) } else { crate_name("velox-rpc") };
        let name = match named {
            Ok(FoundCrate::Name(name)) => name,
            Ok(FoundCrate::Itself) | Err(_) => String::from(USUAL_NAME),
        };
        let ident = place::ident(&name);
        Self { path: quote!(::#ident), name }
    }

    /// Makes a root from a path that the user wrote.
    fn at(path: &syn::Path) -> Self {
        let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        Self { path: path.to_token_stream(), name }
    }

    /// Returns `<root>::__private`, which has everything an expansion needs.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.path;
        quote!(#path::__private)
    }

    /// Returns the same path as text, for attributes such as `#[serde(crate = "…")]`.
    pub(crate) fn private_text(&self) -> String {
        self.private().to_string().replace(' ', "")
    }

    /// Returns whether a path that ends in `name` refers to velox-rpc.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == self.name || name == USUAL_NAME
    }
}

/// Returns whether the manifest of the crate being compiled has a dependency named `velox-rpc`.
/// Most have one, and this is faster than `crate_name`, which starts cargo to find the workspace.
fn is_plain() -> bool {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    folder.and_then(|folder| std::fs::read_to_string(folder.join("Cargo.toml")).ok()).is_some_and(|text| names(&text))
}

/// Returns whether a manifest has a key `velox-rpc`.
fn names(manifest: &str) -> bool {
    manifest.lines().map(str::trim).any(|line| {
        let rest = line.strip_prefix("velox-rpc").map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(['=', '.'])) || line.ends_with("dependencies.velox-rpc]")
    })
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
    fn a_dependency_by_its_own_name_is_found_however_it_is_written() {
        for manifest in
            ["velox-rpc = \"1\"", "velox-rpc.workspace = true", " velox-rpc={path=\"a\"}", "[dependencies.velox-rpc]"]
        {
            assert!(names(manifest), "{manifest}");
        }
        for manifest in [
            "rpc = { package = \"velox-rpc\" }",
            "# velox-rpc = \"1\"",
            "velox-rpc-macros = \"1\"",
            "name = \"velox-rpc\"",
        ] {
            assert!(!names(manifest), "{manifest}");
        }
    }

    #[test]
    fn a_crate_without_the_dependency_gets_the_usual_name() {
        assert_eq!(Root::find(None).private_text(), "::velox_rpc::__private");
    }
}
