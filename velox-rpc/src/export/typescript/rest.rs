//! Writes the module for REST: the types, and the routes as a value.

use std::fmt;

use serde_json::Value;

use super::{TypeScript, TypedProcedure, write_nested};
use crate::call::Kind;

impl fmt::Display for TypeScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        f.write_str(&self.declarations)?;
        f.write_str("/** All procedures, by namespace and name. */\nexport interface Procedures {\n")?;
        write_nested(f, ";", None, &self.procedures, |procedure| {
            let TypedProcedure { name, comment, input, output, .. } = procedure;
            let kind = match name.kind() {
                Kind::Query => "Query",
                Kind::Mutation => "Mutation",
                Kind::Subscription => "Subscription",
            };
            let route =
                procedure.route().map(|(method, path)| format!(" & Route<\"{method}\", {}>", Value::from(path)));
            Some((comment, format!("{kind}<{input}, {output}>{}", route.unwrap_or_default())))
        })?;
        f.write_str(ROUTES)?;
        write_nested(f, ",", None, &self.procedures, |procedure| {
            let (method, path) = procedure.route()?;
            Some(("", format!("{{ method: \"{method}\", path: {} }}", Value::from(path))))
        })?;
        f.write_str("} as const;\n")
    }
}

const HEAD: &str = "\
// Generated from the router by velox-rpc. Do not edit it.

/** The REST route of a procedure. Path parameters are written `:name`. */
export interface Route<M, P> {
  method: M;
  path: P;
}

/** A procedure that reads: its input is an `I`, its output an `O`. */
export interface Query<I, O> {
  kind: \"query\";
  input: I;
  output: O;
}

/** A procedure that writes: its input is an `I`, its output an `O`. */
export interface Mutation<I, O> {
  kind: \"mutation\";
  input: I;
  output: O;
}

/** A procedure that streams events: its input is an `I`, the data of each event an `O`. Read it with `EventSource`. */
export interface Subscription<I, O> {
  kind: \"subscription\";
  input: I;
  output: O;
}

";

const ROUTES: &str = "\
}

/** The method and path of every procedure with a REST route, by namespace and name. */
export const routes = {
";
