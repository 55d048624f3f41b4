//! superjson as the transformer: `{"json": …, "meta": …}` in place of JSON, so that a client has dates, bigints, sets and maps.
//!
//! What is sent is annotated by the schema of its type ([`plan`]); what is received, as the client says. A value is written as JSON and read
//! from JSON in any case, so that no procedure knows of it.

mod decode;
mod encode;
mod marks;
mod path;
mod plan;
#[cfg(test)]
mod tests;

use self::decode::decode;
use self::encode::encode;
use self::plan::Plan;
use crate::error::Result;
use crate::procedure::Endpoint;
use crate::router::ManifestEntry;

/// What superjson makes of the inputs and outputs of all procedures, by their indices.
pub(super) struct Superjson {
    inputs: Vec<Option<Plan>>,
    /// None where JSON says all there is to say.
    outputs: Vec<Option<Plan>>,
}

impl Superjson {
    pub(super) fn of(endpoints: &[Endpoint]) -> Self {
        let input = |endpoint: &Endpoint| {
            let shape = endpoint.meta.input.as_ref()?;
            Some(Plan::new(ManifestEntry::input_settings(), |generator| shape.schema_in(generator)))
        };
        let output = |endpoint: &Endpoint| {
            let plan = Plan::new(ManifestEntry::output_settings(), endpoint.meta.output);
            (!plan.is_plain()).then_some(plan)
        };
        Self { inputs: endpoints.iter().map(input).collect(), outputs: endpoints.iter().map(output).collect() }
    }

    /// Reads the input of a procedure. None is TypeScript's `undefined`.
    ///
    /// # Errors
    ///
    /// 400 for what is not superjson, and for values that no Rust type has.
    pub(super) fn read(&self, procedure: Option<usize>, text: &str) -> Result<Option<String>> {
        decode(text, procedure.and_then(|procedure| self.inputs[procedure].as_ref()))
    }

    /// Writes the output of a procedure.
    pub(super) fn write(&self, procedure: usize, json: &[u8], to: &mut Vec<u8>) {
        wrap(to, |to| self.write_within(procedure, None, json, to));
    }

    /// Writes the JSON of an output within a larger value, and gives its annotations, whose paths begin with the prefix.
    pub(super) fn write_within(
        &self,
        procedure: usize,
        prefix: Option<&str>,
        json: &[u8],
        to: &mut Vec<u8>,
    ) -> Option<String> {
        let (Some(plan), Ok(text)) = (&self.outputs[procedure], std::str::from_utf8(json)) else {
            to.extend(json);
            return None;
        };
        let encoded = encode(text, plan, prefix);
        to.extend(encoded.json.as_bytes());
        encoded.values
    }
}

/// Writes a value as superjson does: `write` writes its JSON, and gives its annotations.
pub(super) fn wrap(to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Option<String>) {
    to.extend(br#"{"json":"#);
    if let Some(values) = write(to) {
        to.extend(format!(r#","meta":{{"values":{values},"v":1}}"#).as_bytes());
    }
    to.push(b'}');
}

/// TypeScript's `undefined`.
pub(super) const UNDEFINED: &[u8] = br#"{"json":null,"meta":{"values":["undefined"],"v":1}}"#;
