//! Reads the return type of a method: whether it is a procedure and with which types. Also adds the
//! state type to it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{VisitMut, visit_path_mut};
use syn::{GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::types::{peeled, types_in};

/// Returns the last segment, `Query<…>`, `Mutation<…>` or `Subscription<…>`, if the type is a
/// procedure.
pub(crate) fn procedure(ty: &Type) -> Option<&PathSegment> {
    match peeled(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().filter(|segment| is_kind(&segment.ident)),
        _ => None,
    }
}

/// Returns the last segment, `ProcedureBuilder<…>`, if the type is one.
pub(crate) fn builder(output: &mut ReturnType) -> Option<&mut PathSegment> {
    let ReturnType::Type(_, ty) = output else { return None };
    let Type::Path(path) = &mut **ty else { return None };
    path.path.segments.last_mut().filter(|segment| segment.ident == "ProcedureBuilder")
}

/// Returns the `Query`, `Mutation` or `Subscription` that is anywhere inside the type.
pub(crate) fn mentions_procedure(ty: &Type) -> Option<Ident> {
    find_kind(ty.to_token_stream())
}

/// Returns the `I` and `O` of `Query<I, O>`. Reports a wrong number of types.
pub(crate) fn types<'a>(segment: &'a PathSegment, mistakes: &mut Mistakes) -> Option<(&'a Type, &'a Type)> {
    let kind = &segment.ident;
    let (wanted, when) = match types_in(segment).as_slice() {
        [input, output, Type::Path(third)] if third.path.is_ident("Error") => {
            let message =
                format!("the error is always `velox_rpc::Error`: write `{kind}<{}, {}>`", shown(input), shown(output));
            mistakes.at(third, message);
            return None;
        }
        [input, output] | [input, output, _] => return Some((input, output)),
        [] => (String::from("I, O"), ", with `()` for a procedure without input"),
        [output] => (format!("(), {}", shown(output)), " for a procedure without input"),
        _ => (String::from("I, O"), ""),
    };
    let message = format!("`{kind}` has two types, input and output: write `{kind}<{wanted}>`{when}");
    mistakes.at(segment, message);
    None
}

/// Adds the state as the third type of every `Query<I, O>`, `Mutation<I, O>` and `Subscription<I,
/// O>` in the type. It also fills in missing types, so that the compiler does not report them
/// again.
pub(crate) fn fill(ty: &mut Type, state: &Type) {
    Fill { state }.visit_type_mut(ty);
}

struct Fill<'a> {
    state: &'a Type,
}

impl VisitMut for Fill<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if let Some(segment) = path.segments.last_mut().filter(|segment| is_kind(&segment.ident)) {
            fill_segment(segment, self.state);
        }
        visit_path_mut(self, path);
    }
}

/// Fills in one segment. It keeps the user's brackets, so that the compiler reports a mismatch at
/// the type they wrote.
fn fill_segment(segment: &mut PathSegment, state: &Type) {
    if !matches!(segment.arguments, PathArguments::AngleBracketed(_)) {
        segment.arguments = PathArguments::AngleBracketed(syn::parse_quote_spanned!(segment.ident.span()=> <>));
    }
    let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { return };
    let unit = || GenericArgument::Type(syn::parse_quote!(()));
    let mut types: Vec<GenericArgument> = std::mem::take(&mut arguments.args).into_iter().take(3).collect();
    while types.len() < 2 {
        types.insert(0, unit());
    }
    if types.len() == 2 {
        types.push(GenericArgument::Type(state.clone()));
    }
    arguments.args = types.into_iter().collect();
}

fn is_kind(ident: &Ident) -> bool {
    ["Query", "Mutation", "Subscription"].into_iter().any(|kind| ident == kind)
}

fn find_kind(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if is_kind(&ident) => Some(ident),
        TokenTree::Group(group) => find_kind(group.stream()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_state_is_the_third_type_and_one_that_is_there_stays() {
        for (written, filled) in [
            (parse_quote!(Query<(), User>), parse_quote!(Query<(), User, S>)),
            (parse_quote!(velox_rpc::Mutation<In, Vec<Out>>), parse_quote!(velox_rpc::Mutation<In, Vec<Out>, S>)),
            (parse_quote!(Query<(), User, Other>), parse_quote!(Query<(), User, Other>)),
            (parse_quote!(Result<Query<A, B>, E>), parse_quote!(Result<Query<A, B, S>, E>)),
            (parse_quote!(Query<User>), parse_quote!(Query<(), User, S>)),
            (parse_quote!(Query), parse_quote!(Query<(), (), S>)),
            (parse_quote!(Query<A, B, C, D>), parse_quote!(Query<A, B, C>)),
        ] {
            let (mut written, filled): (Type, Type) = (written, filled);
            fill(&mut written, &parse_quote!(S));
            assert_eq!(written, filled);
        }
    }

    #[test]
    fn only_the_last_segment_makes_a_procedure() {
        for (ty, is) in [
            (parse_quote!(Query<A, B>), true),
            (parse_quote!(velox_rpc::Mutation<A, B>), true),
            (parse_quote!(Query::Row), false),
            (parse_quote!(Option<Query<A, B>>), false),
            (parse_quote!(&Query<A, B>), false),
        ] {
            assert_eq!(procedure(&ty).is_some(), is);
        }
    }
}
