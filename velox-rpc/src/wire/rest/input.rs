//! Makes the input of a REST call. GET and DELETE take it from the path and the query. The other
//! methods take it from the path and the body.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

use super::text;
use crate::call::{RawInput, Texts};
use crate::error::{Error, ErrorKind, Result};
use crate::procedure::{InputShape, LAST_EVENT_ID, reads_body};
use crate::wire::look;
use crate::wire::sse::check_last_event_id;

/// Describes how to make the input of a route. It is decided when the route is built.
pub(crate) struct InputPlan {
    source: Source,
    parameters: Arc<[String]>,
    /// All names of the fields in the path, with their aliases.
    taken: Vec<String>,
    shape: Option<Arc<InputShape>>,
}

/// The source of the fields that are not in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Query,
    Body,
}

impl Source {
    pub(super) fn of(method: &Method) -> Self {
        if reads_body(method) { Self::Body } else { Self::Query }
    }
}

impl InputPlan {
    /// Checks that the input accepts every parameter of the path, and that the query can carry all
    /// other fields if they are sent there. Both consist of names and values, which only an object
    /// has.
    pub(super) fn new(method: &Method, parameters: &[String], shape: Option<&Arc<InputShape>>) -> Result<Self, String> {
        let source = Source::of(method);
        // Nothing is sent for an input that is always `null`.
        let shape = shape.filter(|shape| source == Source::Body || !shape.is_null());
        let has_names = source == Source::Query || !parameters.is_empty();
        if has_names && shape.is_some_and(|shape| !shape.accepts_object()) {
            return Err(NO_OBJECT.to_owned());
        }
        let missing = parameters.iter().find(|parameter| !shape.is_some_and(|shape| shape.takes(parameter)));
        if let Some(parameter) = missing {
            return Err(format!(
                "the input has no field `{parameter}`: add it to the input, or remove `:{parameter}` from the path"
            ));
        }
        if source == Source::Query
            && let Some(field) = shape.and_then(|shape| shape.field_beyond_text())
        {
            return Err(format!(
                "{field} cannot be sent in a query: make it a string, a number, a boolean, or a list of these, or send the input \
                 in a body: use a mutation, or tRPC with `.no_rest()`"
            ));
        }
        let mut taken = parameters.to_vec();
        for field in parameters.iter().filter_map(|name| shape?.field(name)) {
            taken.extend(field.aliases.iter().chain([&field.name]).cloned());
        }
        Ok(Self { source, parameters: parameters.into(), taken, shape: shape.cloned() })
    }

    /// Returns whether the body of the request has to be read.
    pub(crate) fn wants_body(&self) -> bool {
        self.source == Source::Body
    }

    /// Makes the input. A path parameter takes precedence over a key of the same name in the query
    /// or body.
    pub(crate) fn decode(&self, parameters: &[String], query: Option<&str>, body: Option<String>) -> Result<RawInput> {
        match self.source {
            Source::Query => self.read_query(parameters, query.unwrap_or(""), None),
            Source::Body => self.read_body(parameters, body),
        }
    }

    /// Makes the input of a subscription, with the id of the last event that the client has seen.
    /// The id in the header takes precedence over the one in the query.
    pub(crate) fn resume(&self, parameters: &[String], query: &str, of_header: Option<&str>) -> Result<RawInput> {
        let seen = of_header.filter(|_| self.shape.as_ref().is_some_and(|shape| shape.takes(LAST_EVENT_ID)));
        seen.map_or(Ok(()), check_last_event_id)?;
        self.read_query(parameters, query, seen)
    }

    fn read_query(&self, parameters: &[String], query: &str, seen: Option<&str>) -> Result<RawInput> {
        let Some(shape) = &self.shape else { return Ok(RawInput::absent()) };
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(undecodable("query"));
        }
        let mut fields = text::Fields::default();
        for (name, value) in self.named(parameters) {
            fields.add(Cow::Borrowed(name), value?);
        }
        if let Some(seen) = seen {
            fields.add(Cow::Borrowed(LAST_EVENT_ID), Cow::Borrowed(seen));
        }
        for (key, value) in
            form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| seen.is_none() || key != LAST_EVENT_ID)
        {
            if shape.wants(&key) && !self.taken.iter().any(|name| *name == key) {
                fields.add(key, value);
            }
        }
        let (text, has_lists) = fields.to_json(shape);
        if text == "{}" && shape.may_be_left_out() {
            return Ok(RawInput::absent());
        }
        Ok(RawInput::with_parameters(text, Texts::Everything, has_lists))
    }

    fn read_body(&self, parameters: &[String], body: Option<String>) -> Result<RawInput> {
        let has_lists = body.as_deref().map_or(Ok(false), |text| look(text, self.shape.as_deref()))?;
        // Even without an input type, a middleware may read the body, for example to find a key in
        // it.
        let Some(shape) = self.shape.as_ref().filter(|_| !self.parameters.is_empty()) else {
            return Ok(body.map_or_else(RawInput::absent, |text| RawInput::document(text, has_lists)));
        };
        let mut object: BTreeMap<String, Box<RawValue>> = match body {
            // The reader of the input refuses a body that is not an object.
            Some(text) if !text.trim_ascii_start().starts_with('{') => return Ok(RawInput::document(text, has_lists)),
            Some(text) => serde_json::from_str(&text).map_err(|error| Error::malformed(&error))?,
            None => BTreeMap::new(),
        };
        self.taken.iter().for_each(|name| drop(object.remove(name)));
        for (name, value) in self.named(parameters) {
            let mut json = String::new();
            text::push(&mut json, &value?, shape.text_type(name));
            object.insert(name.to_owned(), RawValue::from_string(json)?);
        }
        let texts = Texts::These(Arc::clone(&self.parameters));
        Ok(RawInput::with_parameters(serde_json::to_string(&object)?, texts, has_lists))
    }

    /// Returns the names and the percent-decoded values of the parameters.
    fn named<'a>(&'a self, parameters: &'a [String]) -> impl Iterator<Item = (&'a str, Result<Cow<'a, str>>)> {
        self.parameters.iter().zip(parameters).map(|(name, text)| {
            let decoded = percent_decode_str(text).decode_utf8();
            (name.as_str(), decoded.map_err(|_| undecodable("path")))
        })
    }
}

const NO_OBJECT: &str = "the input is not an object, so a path or query cannot carry it: make it a struct with a named \
    field, or use tRPC with `.no_rest()`, or with `App::derive_rest(false)` for all routes that come from names";

#[cold]
fn undecodable(part: &str) -> Error {
    Error::new(ErrorKind::BadRequest, format!("The {part} is not UTF-8")).with_name("Bad Request")
}
