//! Tests which inputs are accepted, and which issues callers get for the others.

mod beside;
mod combined;
mod exact_input;
mod names;
mod newtypes;
mod zod;
mod zoo;
