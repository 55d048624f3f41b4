//! The body of a request or a reply, as layers see it.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use crate::error::BoxError;

/// The body of a request or a reply, with the type of its source erased. Layers receive and return
/// it.
///
/// # Examples
///
/// ```
/// use http_body_util::BodyExt;
/// use velox_rpc::service::Body;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let body = Body::from("hello");
/// assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
/// # }
/// ```
pub struct Body(Kind);

enum Kind {
    /// The whole body; `None` if it is empty or has been taken.
    Whole(Option<Bytes>),
    Boxed(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>),
}

impl Body {
    /// Wraps a body of any type with [`Bytes`] as its data.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::unless_it_is_one(body, |body| Box::pin(body.map_err(Into::into)))
    }

    /// Wraps a body whose data may be any [`Buf`].
    pub(crate) fn of_any_data<B>(body: B) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::unless_it_is_one(body, |body| {
            let whole = |mut data: B::Data| data.copy_to_bytes(data.remaining());
            Box::pin(body.map_err(Into::into).map_frame(move |frame| frame.map_data(whole)))
        })
    }

    /// Returns `body` itself if it is a [`Body`] already, so that one that passed a layer unchanged
    /// is not boxed twice. Otherwise wraps it.
    fn unless_it_is_one<B: 'static>(
        body: B,
        wrap: impl FnOnce(B) -> Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>,
    ) -> Self {
        let mut body = Some(body);
        match (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>().and_then(Option::take) {
            Some(body) => body,
            None => Self(Kind::Boxed(wrap(body.take().expect("it was not taken as a `Body`")))),
        }
    }

    /// Returns an empty body.
    pub fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    /// Returns the length if the whole body is in memory.
    pub(super) fn whole_length(&self) -> Option<usize> {
        match &self.0 {
            Kind::Whole(bytes) => Some(bytes.as_ref().map_or(0, Bytes::len)),
            Kind::Boxed(_) => None,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Boxed(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_none(),
            Kind::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Boxed(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    /// Leaves out the bytes, which may be anything that a user sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
