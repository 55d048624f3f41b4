//! Decides whether a method of the block is a procedure, and whether it is a valid one.

use proc_macro2::{Ident, TokenTree};
use syn::visit_mut::VisitMut as _;
use syn::{Attribute, FnArg, ReceiverKind, ReturnType, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::item::Function;
use crate::naming::{camel, unraw};
use crate::root::Root;
use crate::router::agreement::Said;
use crate::router::chain::{About, BUILDS};
use crate::router::route::Route;
use crate::router::{agreement, chain, docs, result, rewrite, slips};
use crate::tokens::tokens;
use crate::types::InTypeScript;

/// A method that is a procedure.
pub(crate) struct Procedure {
    pub(crate) method: Ident,
    pub(crate) wire_name: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecation: Option<String>,
    /// The `#[cfg(…)]`s of the method. They also apply to its entry in the router.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) input: Type,
    pub(crate) output: Type,
    pub(crate) routes: Vec<Route>,
}

/// The kind of a method.
pub(crate) enum Outcome {
    Procedure(Box<Procedure>),
    /// A method that has nothing to do with the router.
    Helper,
    /// A method that was meant to be a procedure but has mistakes, which are reported.
    Broken(Damage),
}

/// Decides how a broken method is emitted, so that the compiler does not report its mistakes again.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Damage {
    /// The method compiles as it is.
    Harmless,
    /// The body builds something that does not match the return type.
    WrongType,
    /// The body does not compile.
    Unreadable,
}

impl Procedure {
    /// Reads a method and reports its mistakes.
    pub(crate) fn read(method: &mut Function, about: &About<'_>, mistakes: &mut Mistakes) -> Outcome {
        let before = mistakes.count();
        InTypeScript(mistakes).visit_return_type_mut(&mut method.signature.output);
        let body = tokens(method.body.stream());
        if agreement::base(&mut method.signature.output, &body, about, mistakes).is_some() {
            return Outcome::Broken(Damage::WrongType);
        }
        let method = &*method;
        let returned = match &method.signature.output {
            ReturnType::Type(_, ty) => Some(&**ty),
            ReturnType::Default => None,
        };
        let Some(segment) = returned.and_then(result::procedure) else {
            let damage = not_returned(method, &body, returned, about.root, mistakes);
            // A method that builds a base of procedures contains a chain too.
            if damage.is_none() && rewrite::calls_procedure(method.body.stream(), about.root) {
                slips::report(&body, mistakes);
            }
            let damage = damage.or((mistakes.count() != before).then_some(Damage::Unreadable));
            return damage.map_or(Outcome::Helper, Outcome::Broken);
        };
        signature(method, mistakes);
        let types = result::types(segment, mistakes);
        let routes = Route::find(&body, mistakes);
        let Some((input, output)) = types else { return Outcome::Broken(Damage::WrongType) };
        for route in &routes {
            takes_input(route, input, method, mistakes);
        }
        let of_signature = mistakes.count();
        if !slips::report(&body, mistakes) {
            let said = Said { method: &method.signature.ident, kind: &segment.ident, input, output };
            agreement::report(&said, &body, about, mistakes);
        }
        if mistakes.count() != before {
            let is_harmless = mistakes.count() == of_signature && !chain::last_chain(&body).is_empty();
            return Outcome::Broken(if is_harmless { Damage::Harmless } else { Damage::Unreadable });
        }
        let name = unraw(&method.signature.ident);
        Outcome::Procedure(Box::new(Self {
            method: method.signature.ident.clone(),
            wire_name: camel(&name),
            description: docs::description(&method.attrs),
            deprecation: docs::deprecation(&method.attrs),
            cfgs: method.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect(),
            input: input.clone(),
            output: output.clone(),
            routes,
        }))
    }
}

/// Reports everything in a method's signature that a procedure must not have, that is, everything
/// but `&self`.
fn signature(method: &Function, mistakes: &mut Mistakes) {
    let signature = &method.signature;
    let name = &signature.ident;
    if let Some(token) = &signature.asyncness {
        mistakes.at(
            token,
            "a procedure is built synchronously: remove `async` here, and write it in the handler, `async |…|`",
        );
    }
    let one = format!("`{name}` cannot be generic: remove the parameters and name the types");
    method.refuse_generics(one, mistakes);
    let mut inputs = signature.inputs.iter().peekable();
    match inputs.peek() {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                mistakes.at(receiver, "a procedure borrows its router: write `&self`");
            }
            inputs.next();
        }
        Some(FnArg::Typed(_)) => {}
        None => {
            mistakes.at(name, format_args!("a procedure is a method of its router: write `fn {name}(&self)`"));
        }
    }
    let arguments: Vec<&FnArg> = inputs.collect();
    if !arguments.is_empty() {
        let message = format!(
            "a procedure takes only `&self`: declare the data that a caller sends as the input of `{name}`, with \
                `Query<I, O>` and `.input::<I>()`"
        );
        mistakes.at_all(arguments, message);
    }
}

/// Reports a method that builds a procedure but does not return it. Otherwise the procedure would
/// be missing from the router without any error.
fn not_returned(
    method: &Function,
    body: &[TokenTree],
    returned: Option<&Type>,
    root: &Root,
    mistakes: &mut Mistakes,
) -> Option<Damage> {
    let name = &method.signature.ident;
    let chain = chain::last_chain(body);
    let built = chain.last().and_then(|last| BUILDS.iter().find(|(step, _)| last.name == step));
    if let Some(ty) = returned
        && let Some(kind) = result::mentions_procedure(ty)
    {
        let message =
            format!("return the procedure itself: write `{kind}<I, O>` (only the handler may return a `Result`)");
        mistakes.at(ty, message);
        return Some(if built.is_some() { Damage::WrongType } else { Damage::Harmless });
    }
    let (_, kind) = built?;
    if !rewrite::calls_procedure(method.body.stream(), root) {
        return None;
    }
    match returned {
        Some(ty) => {
            let ty_text = shown(ty);
            let message = format!(
                "`{name}` builds a procedure, but returns `{ty_text}`: write `{kind}<I, O>`, or the router leaves \
                    it out"
            );
            mistakes.at(ty, message);
        }
        None => mistakes.at(
            name,
            format_args!("`{name}` builds a procedure and drops it: write `fn {name}(&self) -> {kind}<I, O>`"),
        ),
    }
    let hidden = matches!(returned, Some(Type::ImplTrait(_)));
    Some(if hidden { Damage::Harmless } else { Damage::WrongType })
}

/// Reports a route with a parameter if the procedure has no input to hold it.
fn takes_input(route: &Route, input: &Type, method: &Function, mistakes: &mut Mistakes) {
    let Some(parameter) = route.parameters.first() else { return };
    if matches!(input, Type::Tuple(tuple) if tuple.elems.is_empty()) {
        let (path, name) = (route.path.value(), &method.signature.ident);
        let message = format!(
            "`{path}` of `{name}` has the parameter `:{parameter}`, but `{name}` has no input: add an \
                input with this field, or remove `:{parameter}` from the path"
        );
        mistakes.at(&route.path, message);
    }
}
