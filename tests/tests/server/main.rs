//! Tests the server: sockets, limits, shutdown, and the example programs.

mod few_files;
mod image;
mod late_write;
mod program;
mod socket;
mod systemd;
mod tls;
