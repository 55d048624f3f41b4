//! Reads the files of a crate: the names that each defines and imports, and the files that each
//! uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// The files of a crate, by module path.
pub(crate) struct Sources {
    files: BTreeMap<Vec<String>, File>,
}

/// A file without its tests.
struct File {
    path: PathBuf,
    defined: BTreeSet<String>,
    /// The full paths of imported names.
    imported: BTreeMap<String, Vec<String>>,
    named: BTreeSet<Vec<String>>,
}

impl Sources {
    /// Reads the crate whose sources are in this folder.
    pub(crate) fn read(source: &Path) -> Self {
        let mut sources = Self { files: BTreeMap::new() };
        sources.read_file(&source.join("lib.rs"), source, Vec::new());
        sources
    }

    fn read_file(&mut self, path: &Path, folder: &Path, module: Vec<String>) {
        let text = fs::read_to_string(path).expect("a source file");
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut reader = Reader::default();
        reader.visit_file(&parsed);
        for child in &reader.children {
            let (flat, inner) = (folder.join(format!("{child}.rs")), folder.join(child));
            let file = if flat.exists() { flat } else { inner.join("mod.rs") };
            self.read_file(&file, &inner, [module.clone(), vec![child.clone()]].concat());
        }
        let Reader { defined, imported, named, .. } = reader;
        self.files.insert(module, File { path: path.to_owned(), defined, imported, named });
    }

    /// The modules in the crate root.
    pub(crate) fn modules(&self) -> BTreeSet<String> {
        self.files.keys().filter_map(|module| module.first().cloned()).collect()
    }

    /// Each file with the files whose names it uses. A re-exported name counts for the file that
    /// defines it.
    pub(crate) fn uses(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
        let used = |(module, file): (&Vec<String>, &File)| {
            let used = file.named.iter().filter_map(|path| self.file_of(module, path, 0)).filter(|used| used != module);
            (module.clone(), used.collect())
        };
        self.files.iter().map(used).collect()
    }

    pub(crate) fn path(&self, module: &[String]) -> &Path {
        &self.files[module].path
    }

    /// The file that defines what `path` names in `module`.
    fn file_of(&self, module: &[String], path: &[String], hops: usize) -> Option<Vec<String>> {
        let absolute = self.absolute(module, path)?;
        let known = (0..=absolute.len()).rev().find(|length| self.files.contains_key(&absolute[..*length]))?;
        let (found, rest) = absolute.split_at(known);
        let file = &self.files[found];
        match rest.first() {
            Some(name) if !file.defined.contains(name) && hops < 8 => match file.imported.get(name) {
                Some(import) => self.file_of(found, &[import.as_slice(), &rest[1..]].concat(), hops + 1),
                None => Some(found.to_vec()),
            },
            _ => Some(found.to_vec()),
        }
    }

    /// The path from the crate root. `None` for names of other crates and of the language.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let child = [module, std::slice::from_ref(first)].concat();
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let parent = module.split_last()?.1;
                let path = [&["self".to_owned()], rest].concat();
                self.absolute(parent, if rest.first().is_some_and(|next| next == "super") { rest } else { &path })
            }
            _ if self.files.contains_key(&child) => Some([module, path].concat()),
            _ => {
                let import = self.files[module].imported.get(first).filter(|import| import.first() != Some(first))?;
                self.absolute(module, &[import.as_slice(), rest].concat())
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    children: Vec<String>,
    defined: BTreeSet<String>,
    imported: BTreeMap<String, Vec<String>>,
    named: BTreeSet<Vec<String>>,
}

impl Reader {
    fn import(&mut self, tree: &syn::UseTree, path: &mut Vec<String>, is_lifted: bool) {
        match tree {
            syn::UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import(&inner.tree, path, is_lifted);
                path.pop();
            }
            syn::UseTree::Name(name) if name.ident == "self" => self.imported_as(path.last().cloned(), path, is_lifted),
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                path.push(name.clone());
                self.imported_as(Some(name), path, is_lifted);
                path.pop();
            }
            syn::UseTree::Rename(rename) => {
                path.push(rename.ident.to_string());
                self.imported_as(Some(rename.rename.to_string()), path, is_lifted);
                path.pop();
            }
            syn::UseTree::Glob(_) => self.imported_as(None, path, is_lifted),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path, is_lifted)),
        }
    }

    fn imported_as(&mut self, name: Option<String>, path: &[String], is_lifted: bool) {
        // A re-export is not a use.
        if !is_lifted {
            self.named.insert(path.to_vec());
        }
        self.imported.extend(name.map(|name| (name, path.to_vec())));
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_for_tests) {
            self.defined.extend(name(item));
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        match &item.content {
            Some(_) => syn::visit::visit_item_mod(self, item),
            None => self.children.push(item.ident.to_string()),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_lifted = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&item.tree, &mut Vec::new(), is_lifted);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.named.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    // A visibility names a module without using it.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let is_test = |list: &syn::MetaList| {
        let text = list.tokens.to_string();
        let is_named = text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "test");
        is_named && !text.contains("not") && !text.starts_with("any")
    };
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &syn::Item) -> Option<String> {
    let ident = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
