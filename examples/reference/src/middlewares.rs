//! Middlewares, which wrap calls and extend the context.

use std::ops::Deref;

use velox_rpc::http::{HeaderName, HeaderValue};
use velox_rpc::procedure::Outcome;
use velox_rpc::{Context, Ctx, Error, Middleware, Next, Result, middleware};

/// Adds the tenant of the request to the context.
#[middleware]
pub fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

/// Appends its name to the list `ctx.trace`, and sets a header after the inner steps.
pub struct Trace(pub &'static str);

/// A context with the list of passed middlewares.
pub struct TraceContext<C> {
    /// The middlewares passed so far.
    pub trace: Vec<String>,
    inner: C,
}

/// A context that may have the list.
pub trait Traced: Ctx {
    /// Returns the list, which is empty in the base context.
    fn trace(&self) -> &[String];
}

impl<C: Traced> Middleware<C> for Trace {
    type Context = TraceContext<C>;

    async fn call(&self, ctx: C, next: Next<TraceContext<C>>) -> Result<Outcome> {
        let scope = ctx.scope().clone();
        let mut trace = ctx.trace().to_vec();
        trace.push(format!("{}:before", self.0));

        let output = next.run(TraceContext { trace, inner: ctx }).await?;

        let after = HeaderName::try_from(format!("x-after-{}", self.0)).map_err(Error::internal)?;
        scope.reply().header(after, HeaderValue::from_static("1"));
        Ok(output)
    }
}

impl<S: Send + Sync + 'static> Traced for Context<S> {
    fn trace(&self) -> &[String] {
        &[]
    }
}

impl<C: Ctx> Traced for TraceContext<C> {
    fn trace(&self) -> &[String] {
        &self.trace
    }
}

impl<C> Deref for TraceContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C: Ctx> Ctx for TraceContext<C> {
    type State = C::State;

    fn base(&self) -> &Context<C::State> {
        self.inner.base()
    }
}
