//! Tests the workspace itself: its layers, the links of its Markdown files, the code in its
//! README, its template, and a list that two crates share.

mod layers;
mod links;
mod readme;
mod steps;
mod template;
