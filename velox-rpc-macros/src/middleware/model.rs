//! The model of a middleware: a function that takes a context and returns a value of some type.

use proc_macro2::{Group, Ident};
use quote::{ToTokens, format_ident};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut as _;
use syn::{Attribute, FnArg, Path, PathSegment, ReturnType, Signature, Token, Type, TypeParamBound, Visibility};

use crate::diagnostics::{Mistakes, shown};
use crate::item::Function;
use crate::naming::{pascal, unraw};
use crate::place;
use crate::root::Root;
use crate::tokens::{each, is_word, tokens};
use crate::types::{InTypeScript, peeled, types_in};

/// A middleware.
pub(crate) struct Middleware {
    pub(crate) root: Root,
    /// The middleware's name, which is also the name of the field it adds.
    pub(crate) name: Ident,
    pub(crate) type_name: Ident,
    pub(crate) context_name: Ident,
    pub(crate) vis: Visibility,
    /// The attributes of the middleware itself: `doc` and `deprecated`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) value: Type,
    pub(crate) context: Context,
    /// The user's function. `None` if it has a `self` receiver (already reported), because a nested
    /// function cannot have one.
    pub(crate) function: Option<Inner>,
    /// Whether the generated code can call the function: no mistake was found in it.
    pub(crate) callable: bool,
}

/// The contexts that a middleware accepts.
pub(crate) enum Context {
    /// `&impl Ctx + …`: every context with these traits.
    Any(Punctuated<TypeParamBound, Token![+]>),
    /// `&Context<AppState>`: only this type.
    One(Box<Type>),
}

/// The user's function, emitted inside the generated one.
pub(crate) struct Inner {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Middleware {
    /// Makes the model. A part with a mistake is replaced by something that lets the rest of the
    /// program compile.
    pub(crate) fn new(root: Option<Path>, function: Function, mistakes: &mut Mistakes) -> Self {
        let before = mistakes.count();
        function.refuse_generics("a middleware cannot be generic: write `ctx: &impl Ctx` for any context", mistakes);
        let Function { attrs, vis, mut signature, body } = function;
        InTypeScript(mistakes).visit_return_type_mut(&mut signature.output);
        a_trait(&mut signature, mistakes);
        let context = context(&signature, mistakes);
        let value = value(&signature, mistakes);
        let root = Root::find(root);
        if mistakes.count() != before && gives_result(&body) && result(&signature.output).is_none() {
            let private = root.private();
            signature.output = syn::parse_quote!(-> #private::Result<#value>);
        }
        let (attrs, inner_attrs) =
            attrs.into_iter().partition(|attribute| ABOUT.iter().any(|name| attribute.path().is_ident(name)));
        let name = signature.ident.clone();
        // With the user's own name, the compiler would suggest `tenant<Tenant>` for a type that is not
        // imported.
        signature.ident.set_span(place::at(name.span()));
        let function = signature.receiver().is_none().then_some(Inner { attrs: inner_attrs, signature, body });
        Self {
            root,
            type_name: format_ident!("{}Middleware", pascal(&unraw(&name)), span = name.span()),
            context_name: format_ident!("{}Context", pascal(&unraw(&name)), span = name.span()),
            name,
            vis,
            attrs,
            value,
            context: context.unwrap_or_else(|| Context::Any(Punctuated::new())),
            function,
            callable: mistakes.count() == before,
        }
    }
}

/// Reports `ctx: &dyn Ctx`, and writes `impl` there, so that the compiler does not report it too.
fn a_trait(signature: &mut Signature, mistakes: &mut Mistakes) {
    let Some(FnArg::Typed(argument)) = signature.inputs.first_mut() else { return };
    let Type::Reference(reference) = &mut *argument.ty else { return };
    let Type::TraitObject(object) = peeled(&reference.elem) else { return };
    let bound = object.bounds.first().to_token_stream();
    let message = format!("this is a trait, not a context: write `ctx: &impl {}`", shown(&bound));
    mistakes.at(&reference.elem, message);
    *reference.elem = syn::parse_quote!(impl #bound);
}

/// Returns the context type from the function's only argument.
fn context(signature: &Signature, mistakes: &mut Mistakes) -> Option<Context> {
    let mut inputs = signature.inputs.iter();
    let context = match inputs.next() {
        Some(FnArg::Typed(argument)) => borrowed(&argument.ty, mistakes),
        Some(FnArg::Receiver(receiver)) => {
            mistakes.at(receiver, "a middleware is a free function, not a method: write `ctx: &impl Ctx` instead");
            None
        }
        None => {
            mistakes.at(&signature.ident, "a middleware needs an argument for the context: write `ctx: &impl Ctx`");
            None
        }
    };
    let rest: Vec<&FnArg> = inputs.collect();
    if !rest.is_empty() {
        mistakes.at_all(
            rest,
            "a middleware takes only the context: put other values into the state, and read them as `ctx.db`",
        );
    }
    context
}

/// Returns the context behind `&impl Ctx` or `&Context<AppState>`.
fn borrowed(ty: &Type, mistakes: &mut Mistakes) -> Option<Context> {
    match peeled(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => match peeled(&reference.elem) {
            Type::ImplTrait(any) => return Some(Context::Any(any.bounds.clone())),
            Type::Path(path) => return Some(Context::One(Box::new(Type::Path(path.clone())))),
            _ => mistakes.at(
                ty,
                "this is not a context: write `ctx: &impl Ctx` for any context, or `ctx: &Context<AppState>` for one",
            ),
        },
        Type::Reference(reference) => {
            mistakes.at(reference, "a middleware cannot change the context: write `ctx: &impl Ctx`")
        }
        by_value => {
            let message = format!("a middleware borrows the context: write `ctx: &{}`", shown(by_value));
            mistakes.at(by_value, message);
        }
    }
    None
}

/// Returns the `Tenant` of `Result<Tenant>`.
fn value(signature: &Signature, mistakes: &mut Mistakes) -> Type {
    let name = &signature.ident;
    let wanted = format!("-> Result<{}>", pascal(&unraw(name)));
    let ReturnType::Type(_, ty) = &signature.output else {
        let message =
            format!("a middleware returns the value that it adds to the context, or an error: write `{wanted}`");
        return mistakes.in_place_of_type(name, message);
    };
    if let Some(segment) = result(&signature.output) {
        if let Some(value) = types_in(segment).first() {
            return Type::clone(value);
        }
        let message = format!("the type of the value that is added to the context is missing: write `{wanted}`");
        return mistakes.in_place_of_type(ty, message);
    }
    mistakes.at(ty, format_args!("a middleware returns a `Result`: write `-> Result<{}>`", shown(ty)));
    Type::clone(ty)
}

/// Returns whether a body makes a `Result`. Then the return type is the only mistake.
fn gives_result(body: &Group) -> bool {
    let mut is_result = false;
    each(&tokens(body.stream()), false, &mut |_, code| {
        is_result |= code.first().is_some_and(|word| is_word(word, "Ok") || is_word(word, "Err"));
    });
    is_result
}

/// Returns the last segment of the return type, if it is a `Result`.
fn result(output: &ReturnType) -> Option<&PathSegment> {
    let ReturnType::Type(_, ty) = output else { return None };
    let Type::Path(path) = peeled(ty) else { return None };
    path.path.segments.last().filter(|segment| segment.ident == "Result")
}

const ABOUT: [&str; 2] = ["doc", "deprecated"];
