//! What middlewares, inputs and outputs do to a call.

use serde_json::json;
use velox_rpc::http::Method;
use velox_rpc::procedure::Outcome;
use velox_rpc::{Call, Context, Mutation, Next, Query, procedure, router, schema};

use crate::AppState;
use crate::middlewares::{Trace, tenant};
use crate::sessions::MainSession;

/// What shows the steps of a call.
pub struct Mw {
    /// The main sessions.
    pub session: MainSession,
}

/// What the middlewares left on the context.
#[schema]
pub struct Seen {
    /// Which tenant it was for.
    pub tenant: String,
    /// Which middlewares were passed.
    pub trace: Vec<String>,
}

/// Who answered.
#[schema]
pub struct Answer {
    /// The middleware, or the handler.
    pub from: String,
}

/// What may be shown.
#[schema]
pub struct Shown {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// An id.
#[schema]
pub struct Id {
    /// The id.
    pub id: String,
}

/// A number.
#[schema]
pub struct Number {
    /// The number.
    pub n: f64,
}

/// A text in the path, and one in the query.
#[schema]
pub struct Echo {
    /// The one in the path.
    pub slug: String,
    /// The one in the query.
    pub q: Option<String>,
}

/// A text in the path, and one in the body.
#[schema]
pub struct Post {
    /// The one in the path.
    pub slug: Option<String>,
    /// The one in the body.
    pub text: String,
}

#[router("mw", state = AppState)]
impl Mw {
    /// What the middlewares left on the context.
    pub fn get_context(&self) -> Query<(), Seen> {
        procedure()
            .rest(Method::GET, "/mw/context")
            .use_(Trace("one"))
            .use_(Trace("two"))
            .use_(tenant)
            .query(|Call { ctx, .. }| Ok(Seen { trace: ctx.trace.clone(), tenant: ctx.tenant }))
    }

    /// Is answered before the handler.
    pub fn short_circuit(&self) -> Query<(), Answer> {
        procedure()
            .rest(Method::GET, "/mw/short-circuit")
            .use_fn(async |_, _: Next<Context<AppState>>| Outcome::json(&json!({"from": "middleware"})))
            .query(|_| Ok(Answer { from: "handler".to_owned() }))
    }

    /// Gives more than may be shown.
    pub fn strip_output(&self) -> Query<(), Shown> {
        procedure()
            .rest(Method::GET, "/mw/output")
            .output::<Shown>()
            .query(|_| Ok(json!({"id": "1", "name": "shown", "secret": "hidden"})))
    }

    /// Gives what may not be given.
    pub fn bad_output(&self) -> Query<(), Id> {
        procedure().rest(Method::GET, "/mw/bad-output").output::<Id>().query(|_| Ok(json!({"id": 42})))
    }

    /// Looks at the input before the session.
    pub fn validate_before_session(&self) -> Mutation<Number, Number> {
        procedure()
            .rest(Method::POST, "/mw/validate-order")
            .input::<Number>()
            .use_(self.session.required())
            .mutation(|Call { input, .. }| Ok(input))
    }

    /// Gives nothing.
    pub fn return_nothing(&self) -> Mutation<(), ()> {
        procedure().rest(Method::POST, "/mw/nothing").mutation(|_| Ok(()))
    }

    /// Gives null.
    pub fn return_null(&self) -> Query<(), Option<String>> {
        procedure().rest(Method::GET, "/mw/null").query(|_| Ok(None))
    }

    /// Gives its input, of path and query.
    pub fn echo_param(&self) -> Query<Echo, Echo> {
        procedure().rest(Method::GET, "/mw/echo/:slug").input::<Echo>().query(|Call { input, .. }| Ok(input))
    }

    /// Gives its input, of path and body.
    pub fn post_param(&self) -> Mutation<Post, Post> {
        procedure().rest(Method::POST, "/mw/post/:slug").input::<Post>().mutation(|Call { input, .. }| Ok(input))
    }
}
