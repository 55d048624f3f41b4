//! Reads the literal `.rest(Method::GET, "/users/:id")` calls of a chain, so that mistakes in them
//! are compile errors.

use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;

use crate::diagnostics::Mistakes;
use crate::router::chain;

/// A route as the user wrote it.
pub(crate) struct Route {
    pub(crate) path: LitStr,
    pub(crate) parameters: Vec<String>,
    method: String,
}

impl Route {
    /// Returns the routes of a method: the `rest` calls of the chain itself. A `rest` call inside a
    /// handler is something else.
    pub(crate) fn find(body: &[TokenTree], mistakes: &mut Mistakes) -> Vec<Self> {
        let routes = chain::steps(body).into_iter().filter(|step| step.name == "rest");
        routes.filter_map(|step| Self::read(step.arguments.stream(), mistakes)).collect()
    }

    /// Returns a key that is equal for equal routes. The names of parameters do not matter.
    pub(crate) fn key(&self) -> String {
        let path = self.path.value();
        let shape: Vec<&str> =
            path.split('/').map(|segment| if segment.starts_with(':') { ":" } else { segment }).collect();
        format!("{} {}", self.method, shape.join("/"))
    }

    /// Reads the route from the arguments of `.rest(…)`. Returns `None` if they are not literal or
    /// not valid.
    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let tokens: Vec<TokenTree> = arguments.into_iter().collect();
        let mut parts = tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
        let (method, path) = (parts.next()?, parts.next()?);
        let [TokenTree::Literal(literal)] = path else { return None };
        let path: LitStr = syn::parse2(TokenTree::from(literal.clone()).into()).ok()?;
        let method = method.last()?.to_string().trim_matches('"').to_uppercase();
        let parameters = parameters(&path, mistakes)?;
        Some(Self { path, parameters, method })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path.value())
    }
}

/// Returns the names after `:`, each once. Anything wrong with the path is reported.
fn parameters(path: &LitStr, mistakes: &mut Mistakes) -> Option<Vec<String>> {
    let text = path.value();
    if !text.starts_with('/') {
        mistakes.at(path, format_args!("a route begins with `/`: write `\"/{text}\"`"));
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for segment in text.split('/') {
        let within = |open, close| segment.strip_prefix(open)?.strip_suffix(close);
        if let Some(name) = within('{', '}').or_else(|| within('[', ']')).or_else(|| within('<', '>')) {
            mistakes.at(path, format_args!("a route parameter is written `:{name}`, not `{segment}`"));
            return None;
        }
        let Some(name) = segment.strip_prefix(':') else { continue };
        if name.is_empty() {
            mistakes.at(
                path,
                format_args!("`{text}` has a parameter without a name: write `:id`, for the field `id` of the input"),
            );
            return None;
        }
        if names.iter().any(|other| other == name) {
            mistakes.at(
                path,
                format_args!("`:{name}` occurs twice in `{text}`: give the second one the name of another field"),
            );
            return None;
        }
        names.push(name.to_owned());
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens;

    fn find(body: TokenStream) -> (Vec<(String, Vec<String>)>, Vec<String>) {
        let mut mistakes = Mistakes::default();
        let routes = Route::find(&tokens(body), &mut mistakes);
        (routes.into_iter().map(|route| (route.key(), route.parameters)).collect(), mistakes.messages())
    }

    fn route(key: &str, parameters: &[&str]) -> (String, Vec<String>) {
        (key.to_owned(), parameters.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_literal_route_is_read_in_every_spelling() {
        let expected = [route("GET /users/:/posts/:", &["id", "postId"])];
        for body in [
            quote!(procedure().rest(Method::GET, "/users/:id/posts/:postId").query(f)),
            quote!(procedure().rest("GET", "/users/:id/posts/:postId",).query(f)),
            quote!(procedure().rest(http::Method::GET, r"/users/:id/posts/:postId").query(f)),
        ] {
            assert_eq!(find(body), (expected.to_vec(), Vec::new()));
        }
    }

    #[test]
    fn a_route_that_is_no_literal_or_belongs_to_something_else_is_left_alone() {
        for body in [
            quote!(procedure().rest(GET, PATH)),
            quote!(procedure().query(|_| client.rest(GET, "x"))),
            quote!(procedure().no_rest()),
        ] {
            assert_eq!(find(body), (Vec::new(), Vec::new()));
        }
    }

    #[test]
    fn what_is_wrong_with_a_route_is_said() {
        for (path, message) in [
            ("users/:id", "a route begins with `/`: write `\"/users/:id\"`"),
            ("/users/:", "`/users/:` has a parameter without a name: write `:id`, for the field `id` of the input"),
            ("/a/:id/b/:id", "`:id` occurs twice in `/a/:id/b/:id`: give the second one the name of another field"),
            ("/a/{id}", "a route parameter is written `:id`, not `{id}`"),
            ("/a/[id]", "a route parameter is written `:id`, not `[id]`"),
            ("/a/<id>", "a route parameter is written `:id`, not `<id>`"),
        ] {
            assert_eq!(find(quote!(procedure().rest(GET, #path))).1, [message]);
        }
    }
}
