//! The direct caller: procedures run with no socket, through the same executor as every wire.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{Kind, ProcedureName, RawInput};
use crate::context::{CallCore, Exchange, Request};
use crate::error::Result;
use crate::procedure::{self, Endpoint, Mutation, Output, Procedure, Query};

/// Runs procedures with no socket, input and output typed: tRPC's `createCaller`.
///
/// Each call is an exchange of its own, with the headers that were set; guards, middlewares and validation hold as on a wire.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Call, procedure, schema};
///
/// #[schema]
/// pub struct Greet { pub name: String }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> velox_rpc::Result<()> {
/// let hello = procedure()
///     .input::<Greet>()
///     .query(|Call { input, .. }| Ok(format!("Hello, {}", input.name)));
///
/// let app = App::new(());
/// let text = app.caller().call(hello, &Greet { name: "Ada".into() }).await?;
/// assert_eq!(text, "Hello, Ada");
/// # Ok(()) }
/// ```
pub struct Caller<S> {
    state: Arc<S>,
    headers: HeaderMap,
}

/// What a call gave, with the headers that it set.
#[derive(Debug)]
#[must_use]
pub struct CallReply<O> {
    /// The output, or the error.
    pub result: Result<O>,
    /// The headers that the call and its middlewares set, `set-cookie` among them.
    pub headers: HeaderMap,
}

impl<S: Send + Sync + 'static> Caller<S> {
    pub(crate) fn new(state: Arc<S>) -> Self {
        Self { state, headers: HeaderMap::new() }
    }

    /// Sends a header with every call.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Runs a procedure.
    ///
    /// # Errors
    ///
    /// The procedure's error, as a wire would send it.
    pub async fn call<I, O, P>(&self, procedure: P, input: &I) -> Result<O>
    where
        P: Finished<S, Input = I, Output = O>,
        I: Serialize,
        O: DeserializeOwned,
    {
        self.exchange(procedure, input).await.result
    }

    /// Runs a procedure, and gives the headers that it set too.
    pub async fn exchange<I, O, P>(&self, procedure: P, input: &I) -> CallReply<O>
    where
        P: Finished<S, Input = I, Output = O>,
        I: Serialize,
        O: DeserializeOwned,
    {
        let name = ProcedureName::new("caller", "call", P::KIND);
        let endpoint = procedure.into().bind(name, Arc::clone(&self.state));
        let input = match serde_json::to_string(input) {
            Ok(text) => text,
            Err(error) => return CallReply { result: Err(error.into()), headers: HeaderMap::new() },
        };
        let (result, headers) = run(&endpoint, self.headers.clone(), input).await;
        let result = result.and_then(|output| Ok(serde_json::from_slice(output.as_json())?));
        CallReply { result, headers }
    }
}

/// What a [`Caller`] can run: a finished [`Query`] or [`Mutation`].
pub trait Finished<S>: Into<Procedure<S>> {
    /// What it takes.
    type Input;
    /// What it gives.
    type Output;
    /// Which of the two it is.
    const KIND: Kind;
}

impl<I, O, S> Finished<S> for Query<I, O, S> {
    type Input = I;
    type Output = O;
    const KIND: Kind = Kind::Query;
}

impl<I, O, S> Finished<S> for Mutation<I, O, S> {
    type Input = I;
    type Output = O;
    const KIND: Kind = Kind::Mutation;
}

/// The part that is the same for all types.
async fn run(endpoint: &Endpoint, headers: HeaderMap, input: String) -> (Result<Output>, HeaderMap) {
    let mut parts = http::Request::new(()).into_parts().0;
    parts.headers = headers;
    let exchange = Exchange::new(Request::new(parts, None));
    let has_lists = input.contains('[');
    let core = CallCore {
        exchange: exchange.clone(),
        procedure: Arc::clone(&endpoint.name),
        input: RawInput::document(input, has_lists),
    };
    let result = procedure::run(endpoint, core).await;
    match procedure::end(&exchange, &endpoint.name).await {
        Ok(()) => (result, exchange.take_reply().headers),
        Err(error) => (Err(error), HeaderMap::new()),
    }
}

impl<S> fmt::Debug for Caller<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers may hold cookies.
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
