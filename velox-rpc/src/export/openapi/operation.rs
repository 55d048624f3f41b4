//! Describes one route as an OpenAPI operation.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::errors;
use super::input::{Field, fields, is_open, less, plain};
use super::named::{Bodies, Headers};
use super::paths::PathParameter;
use super::security::Schemes;
use crate::call::Kind;
use crate::export::schemas::{Schemas, prose};
use crate::router::{ManifestEntry, ManifestRoute};

/// A route with everything that its description needs.
pub(super) struct Operation<'a> {
    pub(super) entry: &'a ManifestEntry,
    pub(super) route: &'a ManifestRoute,
    pub(super) input: Option<&'a Value>,
    pub(super) output: &'a Value,
    pub(super) schemas: &'a Schemas,
    pub(super) schemes: &'a Schemes,
    pub(super) headers: &'a Headers,
}

impl Operation<'_> {
    pub(super) fn describe(&self, path: &[PathParameter], id: &str, bodies: &mut Bodies<'_>) -> Value {
        // A path may name a field by an alias.
        let field = |it: &PathParameter| self.entry.input_field(&it.field).to_owned();
        let path: Vec<_> = path.iter().map(|it| PathParameter { field: field(it), name: it.name.clone() }).collect();
        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), id.into());
        operation.insert(PROCEDURE.to_owned(), self.entry.name().to_string().into());
        operation.insert("tags".to_owned(), json!([self.entry.name().namespace()]));
        self.describe_purpose(&mut operation);
        let parameters = self.parameters(&path);
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = self.body(&path, bodies) {
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), Value::Object(self.responses()));
        operation.insert("security".to_owned(), self.schemes.requirements(self.entry.demands()));
        Value::Object(operation)
    }

    fn describe_purpose(&self, operation: &mut Map<String, Value>) {
        let description = prose(self.entry.description().unwrap_or(""));
        let summary = match description.split("\n\n").next().filter(|summary| !summary.is_empty()) {
            Some(summary) => summary.lines().map(str::trim).collect::<Vec<_>>().join(" "),
            None => words(self.entry.name().name()),
        };
        operation.insert("summary".to_owned(), summary.trim_end_matches('.').into());
        let deprecated = self.entry.deprecated().map(|note| format!("Deprecated: {note}"));
        let parts: Vec<_> = [Some(description), deprecated.as_deref()].into_iter().flatten().collect();
        let text = parts.join("\n\n");
        if !text.trim().is_empty() {
            operation.insert("description".to_owned(), text.trim().into());
        }
        if deprecated.is_some() {
            operation.insert("deprecated".to_owned(), true.into());
        }
    }

    /// Returns the path parameters, followed by the query parameters.
    fn parameters(&self, path: &[PathParameter]) -> Vec<Value> {
        let all = self.input.map(|input| fields(input, self.schemas)).unwrap_or_default();
        let in_path = path.iter().map(|parameter| {
            let field = all.iter().find(|field| field.name == parameter.field);
            let schema = field.map_or_else(|| json!({"type": "string"}), |field| field.schema.clone());
            described("path", &Field { name: parameter.name.clone(), schema, is_required: true })
        });
        let mut parameters: Vec<_> = in_path.collect();
        if self.route.takes_body {
            return parameters;
        }
        let rest = all.iter().filter(|field| path.iter().all(|parameter| parameter.field != field.name));
        parameters.extend(rest.map(|field| described("query", field)));
        if self.input.is_some_and(|input| is_open(input, self.schemas)) {
            // A map accepts every key. OpenAPI expresses this by an object that is exploded into
            // the query.
            let any = json!({"type": "object", "additionalProperties": true});
            let name = free_name(all.iter().map(|field| field.name.as_str()));
            parameters.push(json!({"name": name, "in": "query", "style": "form", "explode": true, "schema": any}));
        }
        parameters
    }

    /// Returns the body: the input without the path parameters. It is `None` if nothing is left.
    fn body(&self, path: &[PathParameter], bodies: &mut Bodies<'_>) -> Option<Value> {
        let input = self.input.filter(|_| self.route.takes_body)?;
        let names: BTreeSet<_> = path.iter().map(|parameter| parameter.field.as_str()).collect();
        let rest = fields(input, self.schemas).into_iter().filter(|field| !names.contains(field.name.as_str()));
        let (mut is_empty, mut is_required) = (true, false);
        for field in rest {
            is_empty = false;
            is_required |= field.is_required;
        }
        if is_empty && !names.is_empty() && !is_open(input, self.schemas) {
            return None;
        }
        if names.is_empty() {
            is_required = !self.entry.is_input_optional();
        }
        let schema = match Schemas::name_of(input) {
            _ if names.is_empty() => object(input),
            Some(name) => bodies.refer(name, less(input, &names, self.schemas)),
            None => less(input, &names, self.schemas),
        };
        Some(json!({"required": is_required, "content": {"application/json": {"schema": schema}}}))
    }

    fn responses(&self) -> Map<String, Value> {
        let mut responses = Map::new();
        if self.entry.name().kind() == Kind::Subscription {
            // OpenAPI 3.1 has no way to describe a sequence of events, so this is the schema of one
            // event.
            let events = json!({"text/event-stream": {"schema": object(self.output)}});
            let mut response = json!({"description": EVENTS, "content": events});
            self.headers.add(&mut response, Some(StatusCode::OK), self.entry);
            responses.insert("200".to_owned(), response);
            responses.extend(errors::responses(self.entry, self.route.takes_body, self.headers));
            return responses;
        }
        let success = self.route.success;
        if !self.schemas.is_null(self.output) {
            self.add_success(&mut responses, success.status(false));
        }
        if self.schemas.defined().types(self.output).has_null() {
            self.add_success(&mut responses, success.status(true));
        }
        responses.extend(errors::responses(self.entry, self.route.takes_body, self.headers));
        responses
    }

    fn add_success(&self, responses: &mut Map<String, Value>, status: StatusCode) {
        let mut response = json!({"description": errors::reason(status)});
        if status != StatusCode::NO_CONTENT {
            response["content"] = json!({"application/json": {"schema": object(self.output)}});
        }
        self.headers.add(&mut response, Some(status), self.entry);
        responses.insert(status.as_str().to_owned(), response);
    }
}

/// Describes a field as a parameter. The description and the deprecation move from the schema to
/// the parameter.
fn described(place: &str, field: &Field) -> Value {
    let mut schema = object(&plain(&field.schema));
    let mut parameter = json!({"name": field.name, "in": place, "required": field.is_required});
    for keyword in ["description", "deprecated"] {
        if let Some(value) = schema.as_object_mut().and_then(|schema| schema.remove(keyword)) {
            parameter[keyword] = value;
        }
    }
    parameter["schema"] = schema;
    parameter
}

/// Returns the schema as an object, since some OpenAPI tools do not accept `true` as a schema.
fn object(schema: &Value) -> Value {
    if *schema == Value::Bool(true) { json!({}) } else { schema.clone() }
}

/// Turns a name into words: `listUsers` into `List users`, and `getAPIKey` into `Get API key`.
fn words(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut letters = name.chars().peekable();
    let mut last = '_';
    while let Some(letter) = letters.next() {
        let is_last_of_acronym = letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (!last.is_uppercase() || is_last_of_acronym);
        if !letter.is_alphanumeric() {
            last = '_';
            continue;
        }
        match words.last_mut() {
            Some(word) if !begins && last != '_' => word.push(letter),
            _ => words.push(letter.into()),
        }
        last = letter;
    }
    let is_acronym = |word: &str| word.len() > 1 && !word.contains(char::is_lowercase);
    let lower = words.iter().map(|word| if is_acronym(word) { word.clone() } else { word.to_lowercase() });
    let mut text = lower.collect::<Vec<_>>().join(" ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn free_name<'a>(taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut name = "fields".to_owned();
    while taken.clone().any(|other| other == name) {
        name.push('_');
    }
    name
}

/// The member of an operation that names its procedure, such as `auth.login`.
const PROCEDURE: &str = "x-velox-procedure";
const EVENTS: &str = "Server-sent events. Events without a name are messages, and this schema describes their data. `connected` comes first, \
     `ping` while nothing happens, `return` at the end, and `serialized-error` if the subscription fails";

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_name_becomes_words() {
        for (name, expected) in [
            ("listUsers", "List users"),
            ("login", "Login"),
            ("getAPIKey", "Get API key"),
            ("getURL", "Get URL"),
            ("top10Posts", "Top10 posts"),
            ("get_stats", "Get stats"),
            ("aB", "A b"),
            ("_", ""),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
