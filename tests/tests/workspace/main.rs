//! Tests the workspace itself: its layers, its template, and the errors of its macros.

mod layers;
mod template;
mod ui;
