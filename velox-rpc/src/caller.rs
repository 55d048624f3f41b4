//! The direct caller: it runs procedures without a socket, through the same code as requests over
//! the network.

mod subscribed;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Kind, ProcedureName, RawInput};
use crate::context::{Input, Inputs, Request, RequestScope, Sender, Serial, SharedState, forbid_sharing};
use crate::error::{Error, ErrorKind, Result};
use crate::procedure::{self, Endpoint, Event, InputSettings, Meta, Mutation, Outcome, Procedure, Query, Subscription};

pub use self::subscribed::{Message, Subscribed};

/// Runs procedures without a socket, with typed input and output, like tRPC's `createCaller`.
///
/// Each call counts as a separate request, with the headers that you set. Guards, middlewares and
/// validation run as for a request over the network, including those of the router: see
/// [`call`](Self::call).
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
    state: SharedState<S>,
    endpoints: Vec<Endpoint>,
    /// The application's settings for inputs. They also apply to procedures that it does not serve.
    inputs: InputSettings,
    headers: HeaderMap,
}

/// The result of a call, with the headers that it set.
#[derive(Debug)]
#[must_use]
pub struct CallReply<O> {
    /// The output or the error of the procedure.
    pub result: Result<O>,
    /// The headers that the procedure and its middlewares set, including `set-cookie`.
    pub headers: HeaderMap,
}

impl<S: 'static> Caller<S> {
    pub(crate) fn new(state: SharedState<S>, endpoints: &[Endpoint], inputs: InputSettings) -> Self {
        Self { state, endpoints: endpoints.to_vec(), inputs, headers: HeaderMap::new() }
    }

    /// Adds a header to every call.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Runs a procedure and returns its output.
    ///
    /// A method of a `#[router]` runs as the application serves it: under its own name, with the
    /// guards and middlewares of its router. The caller uses the router that the application had
    /// when you called [`App::caller`](crate::App::caller), with its fields. The value on which you
    /// call the method only selects the procedure.
    ///
    /// A procedure that the application does not serve runs with its own steps only. This is also
    /// true of a procedure that you built by hand, even if you added it to a
    /// [`Router`](crate::Router), because it does not know its name. Set the name with
    /// [`served_as`](Query::served_as), or call the procedure by its name with
    /// [`call_named`](Self::call_named).
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::http::{HeaderName, HeaderValue};
    /// use velox_rpc::procedure::guard;
    /// use velox_rpc::router::IntoRouter;
    /// use velox_rpc::{App, Query, procedure, router};
    ///
    /// struct Admin;
    ///
    /// #[router("admin")]
    /// impl Admin {
    ///     fn get_stats(&self) -> Query<(), u32> {
    ///         procedure().query(|_| Ok(42))
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> velox_rpc::Result<()> {
    /// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"));
    /// let app = App::new(()).router(Admin.into_router().guard(api_key));
    ///
    /// let refused = app.caller().call(Admin.get_stats(), &()).await.unwrap_err();
    /// assert_eq!(refused.status(), 403);
    ///
    /// let known = app.caller().header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("key-123"));
    /// assert_eq!(known.call(Admin.get_stats(), &()).await?, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the procedure's error, as a client would receive it.
    pub async fn call<I, O, P>(&self, procedure: P, input: &I) -> Result<O>
    where
        P: Finished<S, Input = I, Output = O>,
        I: Serialize,
        O: DeserializeOwned,
    {
        self.call_with_headers(procedure, input).await.result
    }

    /// Runs a procedure as [`call`](Self::call) does, and returns its result together with the
    /// headers that it set.
    pub async fn call_with_headers<I, O, P>(&self, procedure: P, input: &I) -> CallReply<O>
    where
        P: Finished<S, Input = I, Output = O>,
        I: Serialize,
        O: DeserializeOwned,
    {
        let endpoint = self.endpoint(procedure.into());
        let input = match serde_json::to_string(input) {
            Ok(text) => text,
            Err(error) => return CallReply { result: Err(error.into()), headers: HeaderMap::new() },
        };
        self.reply(&endpoint, RawInput::from_json(input)).await
    }

    /// Runs a procedure of the application's routers by its name, with JSON as input and output.
    /// Use it if the name is data, for example in a script or in a test that goes through the
    /// manifest. `Value::Null` means no input.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde_json::json;
    /// use velox_rpc::{App, Call, Router, procedure, schema};
    ///
    /// #[schema]
    /// pub struct Greet { pub name: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> velox_rpc::Result<()> {
    /// let hello = procedure().input::<Greet>().query(|Call { input, .. }| Ok(format!("Hello, {}", input.name)));
    /// let app = App::new(()).router(Router::new("hello").procedure("greet", hello));
    ///
    /// let reply = app.caller().call_named("hello.greet", &json!({"name": "Ada"})).await;
    /// assert_eq!(reply.result?, "Hello, Ada");
    /// # Ok(()) }
    /// ```
    pub async fn call_named(&self, name: &str, input: &Value) -> CallReply<Value> {
        let Some(endpoint) = self.endpoints.iter().find(|endpoint| is_named(endpoint, name)) else {
            return CallReply { result: Err(unknown(name)), headers: HeaderMap::new() };
        };
        self.reply(endpoint, given(input)).await
    }

    /// Subscribes to a procedure and returns its events as they come. Guards, middlewares and
    /// validation run as for a client over the network.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use velox_rpc::{App, Subscription, procedure};
    ///
    /// fn count() -> Subscription<(), u32> {
    ///     procedure().subscription(|_| stream::iter((1..=3).map(Ok)))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> velox_rpc::Result<()> {
    /// let mut counted = App::new(()).caller().subscribe(count(), &()).await.result?;
    /// while let Some(message) = counted.next().await {
    ///     println!("{}", message?.data);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn subscribe<I, E>(&self, procedure: Subscription<I, E, S>, input: &I) -> CallReply<Subscribed<E::Data>>
    where
        I: Serialize,
        E: Event<Data: DeserializeOwned>,
    {
        let endpoint = self.endpoint(procedure.into());
        match serde_json::to_string(input) {
            Ok(text) => self.subscribed(&endpoint, RawInput::from_json(text)).await,
            Err(error) => CallReply { result: Err(error.into()), headers: HeaderMap::new() },
        }
    }

    /// Subscribes to a procedure by its name, for example `live.feed`. `Value::Null` means no
    /// input.
    pub async fn subscribe_named(&self, name: &str, input: &Value) -> CallReply<Subscribed<Value>> {
        let Some(endpoint) = self.endpoints.iter().find(|endpoint| is_named(endpoint, name)) else {
            return CallReply { result: Err(unknown(name)), headers: HeaderMap::new() };
        };
        self.subscribed(endpoint, given(input)).await
    }

    fn endpoint(&self, procedure: Procedure<S>) -> Cow<'_, Endpoint> {
        if let Some(served) = served(&self.endpoints, procedure.meta()) {
            return Cow::Borrowed(served);
        }
        procedure.meta().input.iter().for_each(|input| input.set(&self.inputs));
        let name = ProcedureName::new("caller", "call", procedure.meta().kind);
        Cow::Owned(procedure.bind(name, Arc::clone(&self.state)))
    }

    async fn reply<O: DeserializeOwned>(&self, endpoint: &Endpoint, input: RawInput) -> CallReply<O> {
        if endpoint.name.kind() == Kind::Subscription {
            return CallReply { result: Err(wrong_kind(endpoint, "subscribe to it")), headers: HeaderMap::new() };
        }
        let (result, headers) = run(endpoint, self.headers.clone(), input).await;
        let result = result.and_then(|output| Ok(serde_json::from_slice(output.as_json())?));
        CallReply { result, headers }
    }

    async fn subscribed<T>(&self, endpoint: &Endpoint, input: RawInput) -> CallReply<Subscribed<T>> {
        if endpoint.name.kind() != Kind::Subscription {
            return CallReply { result: Err(wrong_kind(endpoint, "call it")), headers: HeaderMap::new() };
        }
        let (result, headers) = run(endpoint, self.headers.clone(), input).await;
        let events = result.and_then(|output| output.into_events().ok_or_else(|| Error::internal(NO_EVENTS)));
        CallReply { result: events.map(Subscribed::new), headers }
    }
}

/// Finds the endpoint of a procedure: the one under the name that the procedure declares, or else
/// the first that a router gave it.
fn served<'a>(endpoints: &'a [Endpoint], procedure: &Meta) -> Option<&'a Endpoint> {
    let (namespace, name) = procedure.served_as.as_ref()?;
    let served = endpoints.iter().filter(|endpoint| endpoint.meta.served_as == procedure.served_as);
    served.min_by_key(|endpoint| endpoint.name.namespace() != namespace || endpoint.name.name() != name)
}

fn given(input: &Value) -> RawInput {
    if input.is_null() { RawInput::absent() } else { RawInput::from_json(input.to_string()) }
}

fn is_named(endpoint: &Endpoint, name: &str) -> bool {
    name.rsplit_once('.') == Some((endpoint.name.namespace(), endpoint.name.name()))
}

/// Returns the error for a call of the wrong kind, worded as in tRPC.
fn wrong_kind(endpoint: &Endpoint, advice: &str) -> Error {
    let Endpoint { name, .. } = endpoint;
    Error::new(ErrorKind::MethodNotSupported, format!("`{name}` is a {}: {advice}", name.kind()))
}

const NO_EVENTS: &str = "a middleware returned a value in place of the subscription";

fn unknown(name: &str) -> Error {
    Error::not_found(format!("No procedure found on path \"{name}\"")).with_name("Not Found")
}

/// A procedure that a [`Caller`] can run: a finished [`Query`] or [`Mutation`].
pub trait Finished<S>: Into<Procedure<S>> {
    /// The input of the procedure.
    type Input;
    /// The output of the procedure.
    type Output;
    /// The kind of the procedure: a query or a mutation.
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

/// Runs the part of a call that does not depend on its types.
async fn run(endpoint: &Endpoint, headers: HeaderMap, input: RawInput) -> (Result<Outcome>, HeaderMap) {
    let mut parts = http::Request::new(()).into_parts().0;
    parts.headers = headers;
    let request = Request::new(parts, Sender::Caller);
    let scope = RequestScope::new(request, Input::There(Inputs::One(Ok(input))), Serial::next(), false);
    let result = procedure::run(endpoint, &scope, 0).await;
    match procedure::end(&scope, &endpoint.name, result.as_ref().ok().map(Outcome::as_json)).await {
        Ok(()) => {
            let mut headers = scope.take_reply().headers;
            if result.is_err() {
                forbid_sharing(&mut headers);
            }
            (result, headers)
        }
        Err(error) => (Err(error), HeaderMap::new()),
    }
}

impl<S> fmt::Debug for Caller<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers are left out, because they may hold cookies.
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
