//! Middlewares: what is put around calls, and what they find on the context then.

use std::ops::Deref;

use velox_rpc::http::{HeaderName, HeaderValue};
use velox_rpc::procedure::Outcome;
use velox_rpc::{Context, Ctx, Error, Middleware, Next, Result, middleware};

/// Which tenant a request is for.
#[middleware]
pub fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

/// Puts its name on the list `ctx.trace`, and a header into the reply once the inner part is done.
pub struct Trace(pub &'static str);

/// A context with the list.
pub struct TraceContext<C> {
    /// What was put on it so far.
    pub trace: Vec<String>,
    inner: C,
}

/// A context that may have a list already.
pub trait Traced: Ctx {
    /// What is on it.
    fn trace(&self) -> &[String];
}

impl<C: Traced> Middleware<C> for Trace {
    type Context = TraceContext<C>;

    async fn call(&self, ctx: C, next: Next<TraceContext<C>>) -> Result<Outcome> {
        let exchange = ctx.exchange().clone();
        let mut trace = ctx.trace().to_vec();
        trace.push(format!("{}:before", self.0));

        let output = next.run(TraceContext { trace, inner: ctx }).await?;

        let after = HeaderName::try_from(format!("x-after-{}", self.0)).map_err(Error::internal)?;
        exchange.reply().header(after, HeaderValue::from_static("1"));
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
