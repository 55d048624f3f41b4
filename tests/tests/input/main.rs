//! Inputs: which are accepted, and what callers are told of the others.

mod exact_input;
mod zod;
mod zoo;
