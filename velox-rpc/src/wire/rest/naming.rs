//! Chooses the route of a procedure. An override takes precedence over the naming convention. A
//! procedure whose name or input does not fit the convention gets `/<namespace>/<name>`.

use http::Method;

use crate::call::Kind;
use crate::procedure::{Endpoint, RestRoute};

/// Returns the method and the path below the prefix, with parameters written as `:id`. It is `None`
/// for a procedure without a REST route.
pub(super) fn route(endpoint: &Endpoint, derive: bool) -> Option<(Method, String)> {
    match &endpoint.meta.rest {
        RestRoute::None => None,
        RestRoute::At { method, path } => Some((method.clone(), path.clone().into_owned())),
        RestRoute::Derived => derive.then(|| derived(endpoint)),
    }
}

/// Returns whether a POST to this procedure creates something, so that its name starts with
/// `create` or `add`.
pub(super) fn creates(name: &str) -> bool {
    ["create", "add"].into_iter().any(|verb| {
        let rest = name.strip_prefix(verb);
        rest.is_some_and(|rest| rest.is_empty() || starts_upper(rest))
    })
}

fn derived(endpoint: &Endpoint) -> (Method, String) {
    let name = &endpoint.name;
    let mut path = String::new();
    for parent in &endpoint.meta.parents {
        path.push_str(&format!("/{}/:{}", parent.resource(), parent.parameter()));
    }
    path.push('/');
    path.push_str(&name.namespace().replace('.', "/"));
    let has_id = endpoint.meta.input.as_ref().is_some_and(|input| input.has_field("id"));
    match convention(name.name(), name.kind()) {
        Some((method, Target::Collection)) => (method, path),
        Some((method, Target::Member)) if has_id => (method, path + "/:id"),
        _ => {
            let method = match name.kind() {
                Kind::Query | Kind::Subscription => Method::GET,
                Kind::Mutation => Method::POST,
            };
            (method, format!("{path}/{}", name.name()))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Collection,
    Member,
}

/// Returns the method and the target that the convention gives to a name. The name has to be a verb
/// followed by a noun with a capital letter. Verbs that write belong to mutations, and verbs that
/// read belong to queries. If the verb does not fit the kind, the convention does not apply.
fn convention(name: &str, kind: Kind) -> Option<(Method, Target)> {
    let (_, _, method, target) = VERBS
        .iter()
        .find(|(verb, verb_kind, ..)| *verb_kind == kind && name.strip_prefix(verb).is_some_and(starts_upper))?;
    Some((method.clone(), *target))
}

fn starts_upper(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
}

const VERBS: [(&str, Kind, Method, Target); 10] = [
    ("get", Kind::Query, Method::GET, Target::Member),
    ("list", Kind::Query, Method::GET, Target::Collection),
    ("find", Kind::Query, Method::GET, Target::Collection),
    ("create", Kind::Mutation, Method::POST, Target::Collection),
    ("add", Kind::Mutation, Method::POST, Target::Collection),
    ("update", Kind::Mutation, Method::PUT, Target::Member),
    ("edit", Kind::Mutation, Method::PUT, Target::Member),
    ("patch", Kind::Mutation, Method::PATCH, Target::Member),
    ("delete", Kind::Mutation, Method::DELETE, Target::Member),
    ("remove", Kind::Mutation, Method::DELETE, Target::Member),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_needs_a_noun_and_its_kind() {
        assert_eq!(convention("getUser", Kind::Query), Some((Method::GET, Target::Member)));
        assert_eq!(convention("listUsers", Kind::Query), Some((Method::GET, Target::Collection)));
        assert_eq!(convention("removeNote", Kind::Mutation), Some((Method::DELETE, Target::Member)));
        for (name, kind) in [
            ("get", Kind::Query),
            ("getaway", Kind::Query),
            ("getUser", Kind::Mutation),
            ("createUser", Kind::Query),
            ("login", Kind::Mutation),
        ] {
            assert_eq!(convention(name, kind), None, "{name}");
        }
    }

    #[test]
    fn creating_names() {
        for name in ["createUser", "addNote", "create", "add"] {
            assert!(creates(name), "{name}");
        }
        for name in ["address", "creation", "login", "recreate"] {
            assert!(!creates(name), "{name}");
        }
    }
}
