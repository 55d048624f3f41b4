//! Tests other programs with velox: tRPC and REST clients, the TypeScript compiler, browsers, and
//! validators of the documents.

mod documents;
mod guides;
mod trpc;
