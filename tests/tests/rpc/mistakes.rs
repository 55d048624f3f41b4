//! Tests mistakes in names and routes. Building the application reports all of them at once, each
//! with its procedure and the fix.

use http::Method;
use velox_rpc::procedure::Procedure;
use velox_rpc::{App, Router, Trpc, procedure, schema};

#[schema]
struct ById {
    id: String,
}

#[schema]
struct ByName {
    name: String,
}

fn by_id() -> Procedure<()> {
    procedure().input::<ById>().query(|_| Ok(1)).into()
}

fn at(method: Method, path: &'static str) -> Procedure<()> {
    let procedure = procedure().input::<ById>().rest(method.clone(), path);
    match method {
        Method::GET => procedure.query(|_| Ok(1)).into(),
        _ => procedure.mutation(|_| Ok(1)).into(),
    }
}

fn get(path: &'static str) -> Procedure<()> {
    at(Method::GET, path)
}

fn mistakes(app: App<()>) -> Vec<String> {
    match app.into_service() {
        Ok(_) => Vec::new(),
        Err(error) => error.mistakes().to_vec(),
    }
}

fn mistakes_of(router: Router<()>) -> Vec<String> {
    mistakes(App::new(()).router(router))
}

/// Checks that there is one mistake, which names the procedure and contains `parts`.
fn only(router: Router<()>, parts: &[&str]) {
    let found = mistakes_of(router);
    assert_eq!(found.len(), 1, "{found:?}");
    for part in parts {
        assert!(found[0].contains(part), "`{part}` in {found:?}");
    }
}

#[test]
fn two_procedures_cannot_share_a_route() {
    let router = Router::new("a").procedure("one", get("/x")).procedure("two", get("/x"));
    only(router, &["`a.two`", "`GET /x`", "`a.one` has this route already", ".rest(method, path)", ".no_rest()"]);
}

#[test]
fn a_route_whose_parameter_has_another_name_is_the_same_route() {
    let by_name = procedure().input::<ByName>().rest(Method::GET, "/x/:name").query(|_| Ok(1));
    let router = Router::new("a").procedure("one", get("/x/:id")).procedure("two", by_name);
    only(router, &["`a.two`", "`GET /x/:name`", "`a.one` has this route already"]);
}

#[test]
fn a_route_by_convention_and_one_by_hand_are_the_same_route() {
    let router = Router::new("users").procedure("getUser", by_id()).procedure("one", get("/users/:id"));
    only(router, &["`users.one`", "`users.getUser` has this route already"]);
}

#[test]
fn routes_of_two_routers_are_the_same_route() {
    let app = App::new(())
        .router(Router::new("a").procedure("one", get("/x")))
        .router(Router::new("b").procedure("two", get("/x")));
    let found = mistakes(app);
    assert!(found.len() == 1 && found[0].contains("`b.two`") && found[0].contains("`a.one`"), "{found:?}");
}

#[test]
fn another_method_makes_another_route() {
    let router = Router::new("a").procedure("one", get("/x/:id")).procedure("two", at(Method::PUT, "/x/:id"));
    assert!(mistakes_of(router).is_empty());
}

#[test]
fn a_literal_beside_a_parameter_is_another_route() {
    let router = Router::new("a")
        .procedure("one", get("/x/:id"))
        .procedure("two", get("/x/me"))
        .procedure("three", get("/x/:id/parts"))
        .procedure("four", get("/x/me/:id"));
    assert!(mistakes_of(router).is_empty());
}

#[test]
fn a_procedure_without_rest_cannot_conflict() {
    let hidden = procedure().input::<ById>().rest(Method::GET, "/x").no_rest().query(|_| Ok(1));
    let router = Router::new("a").procedure("one", get("/x")).procedure("two", hidden);
    assert!(mistakes_of(router).is_empty());
}

#[test]
fn a_parameter_must_be_a_field_of_the_input() {
    let router = Router::new("a").procedure("one", get("/x/:name"));
    only(router, &["`a.one`", "no field `name`", "add it to the input", "remove `:name` from the path"]);
}

#[test]
fn a_parameter_of_a_parent_must_be_a_field_of_the_input() {
    let listed = procedure().parent("posts").query(|_| Ok(1));
    only(Router::new("comments").procedure("listComments", listed), &["`comments.listComments`", "no field `postId`"]);
}

#[test]
fn a_parameter_needs_an_input() {
    let without = procedure().rest(Method::GET, "/x/:id").query(|_| Ok(1));
    only(Router::new("a").procedure("one", without), &["`a.one`", "no field `id`"]);
}

#[test]
fn a_mutation_cannot_have_a_get_route() {
    let writing = procedure().rest(Method::GET, "/x").mutation(|_| Ok(1));
    only(Router::new("a").procedure("one", writing), &["`a.one`", "cannot use GET", "make it a query"]);
}

#[test]
fn other_methods_have_no_routes() {
    for method in [Method::HEAD, Method::OPTIONS, Method::TRACE, Method::CONNECT] {
        let odd = procedure().rest(method.clone(), "/x").mutation(|_| Ok(1));
        only(
            Router::new("a").procedure("one", odd),
            &["`a.one`", &format!("`{method} /x`"), "GET, POST, PUT, PATCH or DELETE"],
        );
    }
}

#[test]
fn a_malformed_path_is_a_mistake() {
    for (path, part) in [
        ("x", "start with `/`"),
        ("", "start with `/`"),
        ("/x//y", "empty segment"),
        ("/x/", "empty segment"),
        ("/x/:", "not a parameter"),
        ("/x/:a-b", "not a parameter"),
        ("/x/:id/:id", "`:id` twice"),
        ("/x/{id}", "`{id}`"),
        ("/x/*", "`*`"),
        ("/x?y=1", "`x?y=1`"),
        ("/x y", "`x y`"),
        ("/ä", "`ä`"),
        ("/%41", "`%41`"),
    ] {
        only(Router::new("a").procedure("one", get(path)), &["`a.one`", part]);
    }
}

#[test]
fn a_repeated_procedure_name_is_a_mistake() {
    let router = Router::new("a").procedure("one", get("/x")).procedure("one", get("/y"));
    only(router, &["`a.one` is defined 2 times", "rename all but one"]);
}

#[test]
fn two_routers_may_share_a_namespace() {
    let app = App::new(())
        .router(Router::new("a").procedure("one", get("/x")))
        .router(Router::new("a").procedure("two", get("/y")));
    assert!(mistakes(app).is_empty());
}

#[test]
fn a_name_that_does_not_fit_in_a_path_is_a_mistake() {
    for name in ["", "a/b", "a b", "ä", "a.b", "a,b", ":id"] {
        let found = mistakes_of(Router::new("a").procedure(name, get("/x")));
        assert!(
            found.len() == 1 && found[0].contains(&format!("`{name}` cannot be part of a path")),
            "{name}: {found:?}"
        );
        // A dot in a namespace is one between two.
        let namespace = name.replace("a.b", "a..b");
        let found = mistakes_of(Router::new(&namespace).procedure("one", get("/x")));
        let part = if name == "a.b" { "" } else { name };
        assert!(
            found.len() == 1 && found[0].contains(&format!("`{part}` cannot be part of a path")),
            "{namespace}: {found:?}"
        );
    }
}

#[test]
fn the_namespace_at_the_root_of_trpc_must_exist_and_have_paths_of_its_own() {
    let app = |root: &'static str| {
        let query = || procedure().query(|_| Ok(1));
        let (root_router, users) =
            (Router::new("app").procedure("users", query()), Router::new("users").procedure("count", query()));
        App::new(()).router(root_router).router(users).trpc(Trpc::at("/trpc").root(root))
    };
    assert_eq!(mistakes(app("users")), [] as [&str; 0]);
    let missing = mistakes(app("nobody"));
    assert_eq!(missing, ["tRPC at `/trpc`: `root(\"nobody\")`: no procedure has this namespace"]);
    let clash = mistakes(app("app"));
    let expected =
        "tRPC at `/trpc`: `root(\"app\")`: `app.users` would be at `users`, where `users.count` is: rename one of them";
    assert_eq!(clash, [expected]);
}

#[test]
fn a_procedure_with_the_name_of_a_namespace_is_a_mistake() {
    let one = |namespace: &str, name: &str| Router::new(namespace).procedure(name, procedure().query(|_| Ok(1)));
    let app = || App::new(()).router(one("viewer", "bookings")).router(one("viewer.bookings.past", "list"));
    assert_eq!(mistakes(app()), ["procedure `viewer.bookings` has the name of a namespace: rename one of them"]);
    let free = App::new(()).router(one("viewer", "booking")).router(one("viewer.bookings", "list"));
    assert_eq!(mistakes(free), [] as [&str; 0]);
}

#[test]
fn a_malformed_prefix_is_a_mistake() {
    for prefix in ["api", "/api/", "/", "api/"] {
        let found = mistakes(App::new(()).prefix(prefix).router(Router::new("a").procedure("one", get("/x"))));
        assert!(found.iter().any(|mistake| mistake.contains(&format!("prefix `{prefix}`"))), "{prefix}: {found:?}");
    }
}

#[test]
fn a_route_below_the_path_of_trpc_is_a_mistake() {
    let router = || {
        Router::new("a")
            .procedure("hidden", get("/trpc/x"))
            .procedure("hiddenToo", get("/trpc/:id"))
            .procedure("beside", get("/trpc"))
            .procedure("free", get("/trpcs/x"))
            .procedure("any", get("/:id/x"))
    };
    let found = mistakes(App::new(()).prefix("").router(router()).trpc("/trpc"));
    let hidden = |name: &str, route: &str| {
        format!(
            "procedure `a.{name}`, route `GET {route}`: tRPC answers all paths below `/trpc`: give one of them another path"
        )
    };
    assert_eq!(found, [hidden("hidden", "/trpc/x"), hidden("hiddenToo", "/trpc/:id")]);
    let found = mistakes(App::new(()).router(router()).trpc("/api/trpc"));
    assert_eq!(found.len(), 2, "{found:?}");
    // All routes are hidden, for one reason.
    let found = mistakes(App::new(()).prefix("/trpc/rest").router(router()).trpc("/trpc"));
    assert_eq!(found, ["tRPC at `/trpc`: the REST routes are below it: give one of them another path"]);
    let without = Router::new("a").procedure("one", procedure().query(|_| Ok(1)));
    assert_eq!(mistakes(App::new(()).derive_rest(false).router(without).trpc("/api")), [] as [&str; 0]);
}

/// The mistake is reported once, and not for every procedure.
#[test]
fn a_bad_prefix_is_reported_once() {
    for prefix in ["api", "/api/", "/a//b", "/a b"] {
        let router = Router::new("a").procedure("one", get("/x")).procedure("two", get("/y"));
        let found = mistakes(App::new(()).prefix(prefix).router(router));
        assert_eq!(found.len(), 1, "{prefix}: {found:?}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let by_name = procedure().input::<ByName>().rest(Method::GET, "/users/:name").query(|_| Ok(1));
    let writing = procedure().rest(Method::GET, "/all").mutation(|_| Ok(1));
    let users = Router::new("users")
        .procedure("getUser", by_id())
        .procedure("byName", by_name)
        .procedure("all", writing)
        .procedure("list", get("/users/:userId"))
        .procedure("list", get("/users//x"));
    let pages = Router::new("static pages").procedure("index", get("/pages/"));
    let error = App::new(()).prefix("/api").router(users).router(pages).into_service().expect_err("mistakes");
    let expected = "\
the application cannot start:
  - procedure `static pages.index`: `static pages` cannot be part of a path: use letters, digits, `_` and `-`
  - procedure `users.list` is defined 2 times: rename all but one
  - procedure `users.byName`, route `GET /users/:name`: `users.getUser` has this route already: give one of them another with `.rest(method, path)`, or none with `.no_rest()`
  - procedure `users.all`, route `GET /all`: a mutation cannot use GET: make it a query, or choose another method
  - procedure `users.list`, route `GET /users/:userId`: the input has no field `userId`: add it to the input, or remove `:userId` from the path
  - procedure `users.list`, route `GET /users//x`: it has an empty segment
  - procedure `static pages.index`, route `GET /pages/`: it has an empty segment";
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:?}"), expected, "`main` prints its error like this");
}
