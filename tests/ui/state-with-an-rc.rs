use std::rc::Rc;

use velox_rpc::{App, Call, procedure};

pub struct AppState {
    pub name: Rc<str>,
}

pub fn name() {
    let _ = procedure::<AppState>().query(|Call { ctx, .. }| Ok(ctx.name.len()));
}

pub fn app() {
    let _ = App::new(AppState { name: Rc::from("shop") });
}

fn main() {}
