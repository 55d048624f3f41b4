//! Writes the module for REST: the types, and the routes as a value.

use std::fmt;

use serde_json::Value;

use super::{TypeScript, TypedProcedure, write_nested};
use crate::call::Kind;

impl fmt::Display for TypeScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        f.write_str(&self.declarations)?;
        f.write_str("/** Every procedure, by namespace and name. */\nexport interface Procedures {\n")?;
        write_nested(f, ";", &self.procedures, |procedure| {
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
        write_nested(f, ",", &self.procedures, |procedure| {
            let (method, path) = procedure.route()?;
            Some(("", format!("{{ method: \"{method}\", path: {} }}", Value::from(path))))
        })?;
        f.write_str("} as const;\n")
    }
}

const HEAD: &str = "\
// Generated from the router by velox-rpc. Changes to it are lost.

/** How REST reaches a procedure: path parameters are `:name`. */
export interface Route<M, P> {
  method: M;
  path: P;
}

/** Reads: takes an `I`, gives an `O`. */
export interface Query<I, O> {
  kind: \"query\";
  input: I;
  output: O;
}

/** Writes: takes an `I`, gives an `O`. */
export interface Mutation<I, O> {
  kind: \"mutation\";
  input: I;
  output: O;
}

/** Tells what happens: takes an `I`, gives events whose data are an `O`. `EventSource` reads them. */
export interface Subscription<I, O> {
  kind: \"subscription\";
  input: I;
  output: O;
}

";

const ROUTES: &str = "\
}

/** The method and path of every procedure that REST reaches, by namespace and name. */
export const routes = {
";
