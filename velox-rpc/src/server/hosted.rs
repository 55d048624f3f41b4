//! What a server serves: an application, or any tower service. Used by `conn` and `serve`.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use crate::error::BoxError;
use crate::service::{AppService, Body, BoxedService, Core};

/// What makes the replies. Its type is erased where it is not an application, so that hyper is compiled once, in velox-rpc.
#[derive(Clone)]
pub(super) enum Hosted {
    /// Called directly: no box, and no extension for the peer.
    App(Arc<Core>),
    /// Any other service, or an application with layers around it.
    Boxed(BoxedService),
}

impl Hosted {
    pub(super) fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<Infallible>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match (&service as &dyn Any).downcast_ref::<AppService>().cloned().map(AppService::into_parts) {
            Some((app, None)) => Self::App(app),
            Some((_, Some(layered))) => Self::Boxed(layered),
            None => Self::Boxed(BoxedService::new(service)),
        }
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosted(..)")
    }
}
