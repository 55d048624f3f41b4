//! The model of a router: the block to emit, and its procedures. No two procedures without a
//! `#[cfg]` have the same name or route.

use proc_macro2::Ident;
use syn::{ReturnType, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::root::Root;
use crate::router::chain::About;
use crate::router::method::{Damage, Outcome, Procedure};
use crate::router::parse::{Arguments, Block, Member};
use crate::router::{chain, docs, handler, result, rewrite};
use crate::types::types_in;

/// A router.
pub(crate) struct Router {
    pub(crate) root: Root,
    pub(crate) namespace: syn::LitStr,
    pub(crate) state: Type,
    /// No state is written, but the block has mistakes, and one may be that the state is missing.
    pub(crate) may_lack_state: bool,
    /// The doc comment of the block.
    pub(crate) description: Option<String>,
    /// The block, with the state type filled in everywhere.
    pub(crate) block: Block,
    pub(crate) procedures: Vec<Procedure>,
    /// Methods that were meant to be procedures but have mistakes.
    pub(crate) broken: Vec<(Ident, Damage)>,
}

impl Router {
    /// Makes the model. Methods with mistakes stay in the block but are not part of the router.
    pub(crate) fn new(arguments: Arguments, mut block: Block, mistakes: &mut Mistakes) -> Self {
        let root = Root::find(arguments.root);
        let known = arguments.state.or_else(|| forgotten(&mut block, &arguments.namespace, mistakes));
        // If a mistake in the arguments hides the state, every use of the state would be reported.
        let is_unsure = known.is_none() && mistakes.count() > 0;
        let has_state = known.is_some() || is_unsure;
        let mut about = About { root: &root, namespace: &arguments.namespace, has_state, bases: Vec::new() };
        for method in block.methods_mut() {
            if chain::is_builder(method, &about) {
                about.bases.push(method.signature.ident.clone());
            }
        }
        let state = known.unwrap_or_else(|| syn::parse_quote!(()));
        let before = mistakes.count();
        let mut procedures: Vec<Procedure> = Vec::new();
        let mut broken = Vec::new();
        for member in &mut block.members {
            let Member::Unreadable(place, name) = member else { continue };
            let (place, known) = (*place, name.take());
            let name = known.as_ref().map_or_else(|| String::from("get_user"), ToString::to_string);
            let message = format!("a procedure is a method: write `fn {name}(&self) -> Query<I, O> {{ … }}`");
            let ty = mistakes.in_place_of_type(Ident::new("_place", place), message);
            // Other methods may call it.
            if let Some(name) = known {
                let method =
                    syn::parse_quote!(#[allow(warnings)] pub fn #name(&self) -> #ty { ::core::unreachable!() });
                *member = Member::Other(Box::new(method));
            }
        }
        for method in block.methods_mut() {
            match Procedure::read(method, &about, mistakes) {
                Outcome::Procedure(procedure) if is_unsure => broken.push((procedure.method, Damage::Unreadable)),
                Outcome::Procedure(procedure) => {
                    if is_new(&procedure, &procedures, mistakes) {
                        handler::tell(&mut method.body, &procedure, &about);
                        procedures.push(*procedure);
                    }
                }
                Outcome::Helper => {}
                Outcome::Broken(damage) => broken.push((method.signature.ident.clone(), damage)),
            }
            if let ReturnType::Type(_, ty) = &mut method.signature.output {
                result::fill(ty, &state);
            }
            method.body = rewrite::procedure_calls(&method.body, &state, &root);
        }
        if procedures.is_empty() && broken.is_empty() && mistakes.count() == before {
            mistakes.at(
                &block.self_ty,
                "this block has no procedures: a procedure is a method that returns `Query<I, O>`, \
                    `Mutation<I, O>` or `Subscription<I, O>`; to combine routers, add each one with `App::router(…)`",
            );
        }
        let description = docs::description(&block.attrs);
        let may_lack_state = is_unsure || !has_state && mistakes.count() > 0;
        Self { root, namespace: arguments.namespace, state, may_lack_state, description, block, procedures, broken }
    }
}

/// Returns the state of the bases in a router without a state, and reports that the router needs it.
fn forgotten(block: &mut Block, namespace: &syn::LitStr, mistakes: &mut Mistakes) -> Option<Type> {
    block.methods_mut().find_map(|method| {
        let state = Type::clone(types_in(result::builder(&mut method.signature.output)?).first()?);
        let Type::Path(_) = state else { return None };
        // Another mistake in the arguments may be the reason.
        if mistakes.count() == 0 {
            let (base, name, state) = (&method.signature.ident, shown(namespace), shown(&state));
            let cure = format!("write `#[router({name}, state = {state})]`");
            mistakes.at(namespace, format_args!("this router has no state, and `{base}` needs `{state}`: {cure}"));
        }
        Some(state)
    })
}

/// Returns whether the procedure has a name, and shares neither name nor route with an earlier one.
/// Procedures with a `#[cfg]` are not compared, because they may never exist together. If they do,
/// the router reports them at startup.
fn is_new(procedure: &Procedure, others: &[Procedure], mistakes: &mut Mistakes) -> bool {
    let mut is_new = true;
    if procedure.wire_name.is_empty() {
        let name = &procedure.method;
        mistakes
            .at(name, format_args!("`{name}` has no letter for a name on the wire: give the procedure another name"));
        is_new = false;
    }
    for other in others.iter().filter(|other| other.cfgs.is_empty() && procedure.cfgs.is_empty()) {
        if other.method == procedure.method {
            // The compiler reports this.
            return false;
        }
        if other.wire_name == procedure.wire_name {
            mistakes.at(&procedure.method, same_name(&procedure.method, &other.method, &procedure.wire_name));
            is_new = false;
        }
        for route in &procedure.routes {
            if let Some(taken) = other.routes.iter().find(|taken| taken.key() == route.key()) {
                let message = format!(
                    "`{}` already has the route `{taken}`: give `{}` another one",
                    other.method, procedure.method
                );
                mistakes.at(&route.path, message);
                is_new = false;
            }
        }
    }
    is_new
}

fn same_name(method: &Ident, other: &Ident, wire_name: &str) -> String {
    format!("`{method}` and `{other}` have the same name on the wire, `{wire_name}`: give one of them another name")
}
