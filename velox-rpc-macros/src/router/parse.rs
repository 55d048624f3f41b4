//! Parses the arguments of `#[router]` and the `impl` block. Bodies stay as tokens.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::token::Paren;
use syn::{Attribute, Generics, ImplItem, LitStr, Path, Token, Type, braced};

use crate::arguments::Keys;
use crate::diagnostics::{Mistakes, shown};
use crate::item::{self, Function};
use crate::tokens::{between_commas, is, is_free, is_group, is_word};

/// The arguments of `#[router]`.
pub(crate) struct Arguments {
    pub(crate) namespace: LitStr,
    pub(crate) state: Option<Type>,
    pub(crate) root: Option<Path>,
}

impl Arguments {
    /// Parses the arguments. A missing or wrong one is reported and replaced by a harmless default.
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let (mut keys, bare) = Keys::new("router", &KEYS, between_commas(tokens), mistakes);
        let mut bare = bare.into_iter();
        let namespace = match bare.next() {
            Some(tokens) => namespace(tokens, mistakes),
            // It may have a key, which is reported.
            None if mistakes.count() > 0 => None,
            None => {
                mistakes.at_span(
                    Span::call_site(),
                    "`#[router]` needs a namespace, the first part of its \
                    procedures' names: write `#[router(\"auth\")]`",
                );
                None
            }
        };
        let mut state = None;
        for tokens in bare {
            state = syn::parse2::<Type>(tokens.clone()).ok();
            let message =
                state.as_ref().map(|state| format!("the state needs its key: write `state = {}`", shown(state)));
            mistakes.at(tokens, message.unwrap_or_else(|| "a router has one namespace: remove this".to_owned()));
        }
        Self {
            namespace: namespace.unwrap_or_else(|| LitStr::new("", Span::call_site())),
            state: keys.take("state", "AppState", mistakes).or(state),
            root: keys.take("crate", "velox_rpc", mistakes),
        }
    }
}

/// The `impl` block.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) self_ty: Type,
    pub(crate) members: Vec<Member>,
}

/// An item of the block.
pub(crate) enum Member {
    Method(Box<Function>),
    Other(Box<ImplItem>),
    /// Something that is not an item of Rust from this place on, and its name if it is a method.
    Unreadable(Span, Option<Ident>),
}

impl Block {
    /// Parses the block. If it cannot be a router, reports a mistake and returns `None`.
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        if !item::is_a("impl", &tokens, "`#[router]` belongs on the `impl` block of the procedures", mistakes) {
            return None;
        }
        let header = syn::parse2::<Header>(tokens).map_err(|error| mistakes.add(error)).ok()?;
        header.into_block(mistakes)
    }

    /// Returns the methods of the block, both procedures and helpers.
    pub(crate) fn methods_mut(&mut self) -> impl Iterator<Item = &mut Function> {
        self.members.iter_mut().filter_map(|member| match member {
            Member::Method(method) => Some(&mut **method),
            Member::Other(_) | Member::Unreadable(..) => None,
        })
    }
}

/// The block together with what the block of a router must not have.
struct Header {
    block: Block,
    generics: Generics,
    trait_name: Option<Type>,
}

impl Header {
    fn into_block(mut self, mistakes: &mut Mistakes) -> Option<Block> {
        item::once("router", |_| true, &mut self.block.attrs, mistakes);
        if let Some(name) = self.trait_name {
            let own = shown(&self.block.self_ty);
            let message = format!("`#[router]` belongs on an `impl` block without a trait: write `impl {own} {{ … }}`");
            mistakes.at(name, message);
            return None;
        }
        if !self.generics.params.is_empty() {
            mistakes.at(self.generics, "a router cannot be generic: remove the parameters and name the types");
            return None;
        }
        Some(self.block)
    }
}

impl Parse for Header {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Option<Token![unsafe]>>()?;
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = input.parse()?;
        input.parse::<Option<Token![!]>>()?;
        let first: Type = input.parse()?;
        let (trait_name, self_ty) = match input.parse::<Option<Token![for]>>()? {
            Some(_) => (Some(first), input.parse()?),
            None => (None, first),
        };
        generics.where_clause = input.parse()?;
        let content;
        braced!(content in input);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.parse()?);
        }
        Ok(Self { block: Block { attrs, self_ty, members }, generics, trait_name })
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.fork().parse::<Function>().is_ok() {
            return input.parse().map(|method| Self::Method(Box::new(method)));
        }
        let place = match input.fork().parse::<ImplItem>() {
            Ok(_) => return input.parse().map(|item| Self::Other(Box::new(item))),
            Err(error) => error.span(),
        };
        let mut name = None;
        let (mut is_name, mut is_start) = (false, true);
        while !input.is_empty() {
            let token: TokenTree = input.parse()?;
            let is_end = is(&token, ';') || is(&token, ',') || is_group(&token, Delimiter::Brace);
            if is_end && starts(input) {
                break;
            }
            match token {
                // `fn get_user`, or `get_user(…)` without `fn`
                TokenTree::Ident(ident) if is_name || is_start && input.peek(Paren) => name = name.or(Some(ident)),
                token => {
                    is_name = is_word(&token, "fn");
                    is_start &= is_word(&token, "pub") || is_word(&token, "async");
                }
            }
        }
        Ok(Self::Unreadable(place, name.filter(|name| is_free(name))))
    }
}

/// Returns whether an item begins here, after one that cannot be read.
fn starts(input: ParseStream<'_>) -> bool {
    let next = input.cursor().token_tree().map(|(token, _)| token);
    next.is_some_and(|token| is(&token, '#') || STARTS.iter().any(|word| is_word(&token, word)))
}

/// Parses the namespace. Reports a mistake and returns `None` if it is not valid.
fn namespace(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<LitStr> {
    let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) else {
        let text = tokens.to_string();
        let message = match syn::parse2::<syn::Ident>(tokens.clone()) {
            Ok(_) => format!("the namespace is a string: write `\"{text}\"`"),
            Err(_) => String::from("the namespace is a string: write it in quotes, as in `\"auth\"`"),
        };
        mistakes.at(tokens, message);
        return None;
    };
    let name = literal.value();
    if name.is_empty() {
        mistakes.at(&literal, "the namespace is empty: give the router a name, as in `#[router(\"auth\")]`");
    } else if let Some(letter) = name.chars().find(|letter| !letter.is_ascii_alphanumeric() && !"_-.".contains(*letter))
    {
        let message = format!(
            "a namespace is part of the URL and cannot contain `{}`: use letters, digits, `_` and `-`, and dots between namespaces",
            letter.escape_debug()
        );
        mistakes.at(&literal, message);
    } else if name.split('.').any(str::is_empty) {
        mistakes.at(&literal, "a dot separates two namespaces, as in `#[router(\"viewer.bookings\")]`");
    } else {
        return Some(literal);
    }
    None
}

const KEYS: [&str; 2] = ["state", "crate"];
/// The words that an item of an `impl` block begins with.
const STARTS: [&str; 5] = ["pub", "fn", "async", "const", "type"];
