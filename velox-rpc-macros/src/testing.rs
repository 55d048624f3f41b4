//! Helpers for the tests of all three macros: the messages of an expansion, its text, and the
//! search for unqualified names.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::visit_mut::{VisitMut, visit_path_mut};
use syn::{Attribute, ItemUse, PatIdent, Path, Token, UseName, UsePath, UseRename, UseTree};

/// Returns the messages that an expansion reports, in order.
pub(crate) fn messages(expansion: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expansion).expect("an expansion is a list of items");
    let errors = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(item)
            if item.mac.path.segments.last().is_some_and(|segment| segment.ident == "compile_error") =>
        {
            Some(item.mac.parse_body::<syn::LitStr>().expect("compile_error! takes a text").value())
        }
        _ => None,
    });
    errors.collect()
}

/// Formats the expansion.
pub(crate) fn formatted(expansion: TokenStream) -> String {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    prettyplease::unparse(&file)
}

/// Returns the first name of every unqualified path in `expansion`. It omits names that the user
/// wrote (`written`), that the expansion declares, or that follow `::core` or the root's
/// `__private`. If the user's program has an item with a name that is left, the expansion would use
/// that item by mistake.
pub(crate) fn strays(expansion: TokenStream, written: &TokenStream) -> Vec<String> {
    let mut file: syn::File = syn::parse2(expansion).expect("an expansion is a list of items");
    let mut declared = Declared(LANGUAGE.map(str::to_owned).to_vec());
    identifiers(written, &mut declared.0);
    declared.visit_file_mut(&mut file);
    let mut search = Search { known: declared.0, strays: Vec::new() };
    search.visit_file_mut(&mut file);
    search.strays
}

/// Returns the variables in `expansion` that the user did not write (`written`) and that do not
/// start with `__`. An expression of the user with the same name would get this variable by
/// mistake.
pub(crate) fn variables(expansion: TokenStream, written: &TokenStream) -> Vec<String> {
    let mut known = Vec::new();
    identifiers(written, &mut known);
    let mut variables = Variables(Vec::new());
    variables.visit_file_mut(&mut syn::parse2(expansion).expect("an expansion is a list of items"));
    variables.0.retain(|name| !name.starts_with("__") && !known.contains(name));
    variables.0
}

/// Collects the variables of all patterns.
struct Variables(Vec<String>);

impl VisitMut for Variables {
    fn visit_pat_ident_mut(&mut self, variable: &mut PatIdent) {
        self.0.push(variable.ident.to_string());
    }
}

/// Collects all names outside paths: the names of items, locals, parameters, fields and methods,
/// and the new names of imports.
struct Declared(Vec<String>);

impl VisitMut for Declared {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        self.0.push(ident.to_string());
    }

    fn visit_path_mut(&mut self, _: &mut Path) {}

    fn visit_use_path_mut(&mut self, path: &mut UsePath) {
        self.visit_use_tree_mut(&mut path.tree);
    }

    fn visit_use_name_mut(&mut self, _: &mut UseName) {}

    fn visit_use_rename_mut(&mut self, import: &mut UseRename) {
        self.visit_ident_mut(&mut import.rename);
    }
}

/// Collects the paths that something in the user's program could change.
struct Search {
    known: Vec<String>,
    strays: Vec<String>,
}

impl Search {
    fn name(&mut self, path: TokenStream, first: &Ident) {
        let (path, name) = (path.to_string(), first.to_string());
        if !ROOTS.iter().any(|root| path.starts_with(root)) && !self.known.contains(&name) {
            self.strays.push(name);
        }
    }
}

impl VisitMut for Search {
    fn visit_path_mut(&mut self, path: &mut Path) {
        self.name(path.to_token_stream(), &path.segments[0].ident);
        visit_path_mut(self, path);
    }

    fn visit_item_use_mut(&mut self, item: &mut ItemUse) {
        let (colon, tree) = (&item.leading_colon, &item.tree);
        if let UseTree::Path(path) = tree {
            self.name(quote!(#colon #tree), &path.ident);
        }
    }

    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        if attribute.path().is_ident("derive") {
            let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
            paths.expect("a list of derives").iter_mut().for_each(|path| self.visit_path_mut(path));
        }
    }
}

fn identifiers(tokens: &TokenStream, known: &mut Vec<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => known.push(ident.to_string()),
            TokenTree::Group(group) => identifiers(&group.stream(), known),
            _ => {}
        }
    }
}

const ROOTS: [&str; 2] = [":: core ::", ":: velox_rpc :: __private ::"];
const LANGUAGE: [&str; 6] = ["Self", "self", "bool", "str", "u8", "u64"];
