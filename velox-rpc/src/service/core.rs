//! The parts that all requests of an application share: its wires and its settings. It also reads
//! bodies within the limits.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body::Body;

use super::run::Read;
use super::{Edge, Health, Observer, Pages, Subscriptions};
use crate::budget::Budget;
use crate::error::BoxError;
use crate::procedure::Endpoint;
use crate::router::Manifest;
use crate::wire::{BodyLimit, BodyType, Calls, Plan, Wires, read_body};

/// An application without its layers.
pub(crate) struct Core {
    pub(crate) wires: Wires,
    pub(crate) pages: Pages,
    pub(crate) health: Option<Health>,
    pub(crate) manifest: Manifest,
    pub(crate) body_limit: BodyLimit,
    pub(crate) handler_timeout: Duration,
    pub(crate) budget: Arc<Budget>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
    pub(crate) edge: Edge,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) development: bool,
}

impl Core {
    /// Reads the body and decodes the inputs from it.
    pub(super) fn read<'a, B>(
        &'a self,
        plan: &'a Plan,
        body_type: BodyType,
        body: Pin<&'a mut B>,
        network: Option<IpAddr>,
    ) -> impl Future<Output = Read> + use<'a, B>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let mut held = self.budget.open(network);
        let limit = self.limit(&self.wires.calls(plan));
        async move {
            let inputs = match read_body(body_type, body, limit, &mut held).await {
                Ok(text) => self.wires.decode(plan, None, text),
                Err(error) => self.wires.unread(plan, error),
            };
            Read { inputs, held }
        }
    }

    /// Returns the largest body limit among the calls.
    pub(super) fn limit(&self, calls: &Calls<'_>) -> BodyLimit {
        let limit = |endpoint: &Endpoint| endpoint.meta.body_limit.unwrap_or(self.body_limit.0);
        calls.largest(limit).map_or(self.body_limit, BodyLimit)
    }
}
