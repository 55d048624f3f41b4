//! The effects of middlewares, inputs and outputs on a call.

use serde_json::json;
use velox_rpc::http::Method;
use velox_rpc::procedure::Outcome;
use velox_rpc::{Call, Context, Mutation, Next, Query, procedure, router, schema};

use crate::AppState;
use crate::middlewares::{Trace, tenant};
use crate::sessions::MainSession;

pub struct Mw {
    pub session: MainSession,
}

/// The fields that the middlewares added to the context.
#[schema]
pub struct Seen {
    pub tenant: String,
    pub trace: Vec<String>,
}

/// The step that answered.
#[schema]
pub struct Answer {
    /// The middleware or the handler.
    pub from: String,
}

/// The fields that clients may see.
#[schema]
pub struct Shown {
    pub id: String,
    pub name: String,
}

#[schema]
pub struct Id {
    pub id: String,
}

#[schema]
pub struct Number {
    pub n: f64,
}

#[schema]
pub struct Echo {
    pub slug: String,
    pub q: Option<String>,
}

#[schema]
pub struct Post {
    pub slug: Option<String>,
    pub text: String,
}

#[router("mw", state = AppState)]
impl Mw {
    /// Returns the fields that the middlewares added to the context.
    pub fn get_context(&self) -> Query<(), Seen> {
        procedure()
            .rest(Method::GET, "/mw/context")
            .use_(Trace("one"))
            .use_(Trace("two"))
            .use_(tenant)
            .query(|Call { ctx, .. }| Ok(Seen { trace: ctx.trace.clone(), tenant: ctx.tenant }))
    }

    /// A middleware answers before the handler runs.
    pub fn short_circuit(&self) -> Query<(), Answer> {
        procedure()
            .rest(Method::GET, "/mw/short-circuit")
            .use_fn(async |_, _: Next<Context<AppState>>| Outcome::json(&json!({"from": "middleware"})))
            .query(|_| Ok(Answer { from: "handler".to_owned() }))
    }

    /// Returns more fields than clients may see.
    pub fn strip_output(&self) -> Query<(), Shown> {
        procedure()
            .rest(Method::GET, "/mw/output")
            .output::<Shown>()
            .query(|_| Ok(json!({"id": "1", "name": "shown", "secret": "hidden"})))
    }

    /// Returns a value that the output type does not allow.
    pub fn bad_output(&self) -> Query<(), Id> {
        procedure().rest(Method::GET, "/mw/bad-output").output::<Id>().query(|_| Ok(json!({"id": 42})))
    }

    /// Validates the input before it opens the session.
    pub fn validate_before_session(&self) -> Mutation<Number, Number> {
        procedure()
            .rest(Method::POST, "/mw/validate-order")
            .input::<Number>()
            .use_(self.session.required())
            .mutation(|Call { input, .. }| Ok(input))
    }

    /// Returns nothing.
    pub fn return_nothing(&self) -> Mutation<(), ()> {
        procedure().rest(Method::POST, "/mw/nothing").mutation(|_| Ok(()))
    }

    /// Returns null.
    pub fn return_null(&self) -> Query<(), Option<String>> {
        procedure().rest(Method::GET, "/mw/null").query(|_| Ok(None))
    }

    /// Returns its input from the path and the query.
    pub fn echo_param(&self) -> Query<Echo, Echo> {
        procedure().rest(Method::GET, "/mw/echo/:slug").input::<Echo>().query(|Call { input, .. }| Ok(input))
    }

    /// Returns its input from the path and the body.
    pub fn post_param(&self) -> Mutation<Post, Post> {
        procedure().rest(Method::POST, "/mw/post/:slug").input::<Post>().mutation(|Call { input, .. }| Ok(input))
    }
}
