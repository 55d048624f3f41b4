//! Takes a type apart as far as its syntax shows: options, boxes, lists, maps and tuples.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{Expr, Type};

use crate::place;
use crate::types::{peeled, types_in};

/// A type, as far as its syntax shows it.
pub(crate) enum Peeled<'a> {
    Option(Box<Peeled<'a>>),
    List(Box<Peeled<'a>>),
    /// A collection that may drop or reorder its items.
    Set(Box<Peeled<'a>>),
    Array(Box<Peeled<'a>>, &'a Expr),
    Tuple(Vec<Peeled<'a>>),
    /// A map with these keys, which are in order if it is sorted.
    Map {
        is_sorted: bool,
        key: &'a Type,
        value: Box<Peeled<'a>>,
    },
    Leaf(&'a Type),
}

impl<'a> Peeled<'a> {
    pub(crate) fn new(ty: &'a Type) -> Self {
        let ty = peeled(ty);
        match ty {
            Type::Array(array) => Self::Array(Box::new(Self::new(&array.elem)), &array.len),
            Type::Tuple(tuple) if !tuple.elems.is_empty() => Self::Tuple(tuple.elems.iter().map(Self::new).collect()),
            Type::Path(path) => {
                let Some(segment) = path.path.segments.last() else { return Self::Leaf(ty) };
                let name = segment.ident.to_string();
                match (name.as_str(), types_in(segment).as_slice()) {
                    ("Option", [inner]) => Self::Option(Box::new(Self::new(inner))),
                    ("Box" | "Rc" | "Arc", [Type::Slice(slice)]) => Self::List(Box::new(Self::new(&slice.elem))),
                    ("Box" | "Rc" | "Arc", [inner]) if is_sized(inner) => Self::new(inner),
                    ("Vec" | "VecDeque" | "LinkedList", [inner]) => Self::List(Box::new(Self::new(inner))),
                    ("BTreeSet" | "HashSet" | "IndexSet" | "BinaryHeap", [inner, ..]) => {
                        Self::Set(Box::new(Self::new(inner)))
                    }
                    ("BTreeMap" | "HashMap" | "IndexMap", [key, value, ..]) => {
                        Self::Map { is_sorted: name == "BTreeMap", key, value: Box::new(Self::new(value)) }
                    }
                    _ => Self::Leaf(ty),
                }
            }
            _ => Self::Leaf(ty),
        }
    }

    /// Generates a description of the type's parts.
    pub(crate) fn parts(&self, private: &Ident) -> TokenStream {
        let parts = quote!(#private::Parts);
        match self {
            Self::Option(inner) => {
                let inner = inner.parts(private);
                quote!(#parts::Option(&#inner))
            }
            Self::List(inner) | Self::Set(inner) => {
                let inner = inner.parts(private);
                quote!(#parts::List(#private::None, &#inner))
            }
            Self::Array(inner, length) => {
                let inner = inner.parts(private);
                quote!(#parts::List(#private::Some(#length), &#inner))
            }
            Self::Tuple(items) => {
                let (least, items) = (items.len(), items.iter().map(|item| item.parts(private)));
                quote!(#parts::Tuple(#least, &[#(#items),*]))
            }
            Self::Map { is_sorted, key, value } => {
                let value = value.parts(private);
                let keys = if *is_sorted { quote!(Sorted) } else { quote!(Hashed) };
                quote!(#parts::Map(#private::takes_key::<#private::#keys<#key>>, &#value))
            }
            Self::Leaf(ty) => leaf(private, ty),
        }
    }

    /// Returns the inner types that the syntax does not take apart further, and the keys of maps.
    pub(crate) fn leaves(&self) -> Vec<&'a Type> {
        match self {
            Self::Option(inner) | Self::List(inner) | Self::Set(inner) | Self::Array(inner, _) => inner.leaves(),
            Self::Tuple(items) => items.iter().flat_map(Self::leaves).collect(),
            Self::Map { key, value, .. } => [vec![*key], value.leaves()].concat(),
            Self::Leaf(ty) => vec![ty],
        }
    }

    /// Returns whether the type has only one value, so that its JSON carries no information.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Self::Leaf(Type::Tuple(_)) => true,
            Self::Leaf(Type::Path(path)) => path.path.segments.last().is_some_and(|it| it.ident == "PhantomData"),
            _ => false,
        }
    }

    /// Returns the key type of a map, here or inside, that is neither a string nor a number.
    pub(crate) fn key_beyond_text(&self) -> Option<&'a Type> {
        match self {
            Self::Map { key, value, .. } => match Self::new(key) {
                Self::Leaf(_) => value.key_beyond_text(),
                _ => Some(key),
            },
            Self::Option(inner) | Self::List(inner) | Self::Set(inner) | Self::Array(inner, _) => {
                inner.key_beyond_text()
            }
            Self::Tuple(items) => items.iter().find_map(Self::key_beyond_text),
            Self::Leaf(_) => None,
        }
    }

    /// Returns the `Type` by which the value is counted, if invalid items count too.
    pub(crate) fn counted(&self) -> Option<TokenStream> {
        match self {
            Self::Option(inner) => inner.counted(),
            Self::List(_) => Some(quote!(Array)),
            Self::Map { .. } => Some(quote!(Record)),
            _ => None,
        }
    }
}

/// Generates the description of a type whose parts its syntax does not show.
pub(crate) fn leaf(private: &Ident, ty: &Type) -> TokenStream {
    let private = place::moved(private, ty.span());
    quote_spanned!(place::at(ty.span())=> (&&&#private::Leaf::<#ty>::new()).parts())
}

/// Returns whether the type has a size. `str` and trait objects do not.
fn is_sized(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => !path.path.is_ident("str"),
        Type::TraitObject(_) => false,
        _ => true,
    }
}

/// Returns the `T` of `Option<T>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peeled(ty) else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    if let [inner] = types_in(segment)[..] { Some(inner) } else { None }
}
