//! The workspace itself: its layers, its promises, and the errors of its macros.

mod layers;
mod promises;
mod template;
mod ui;
