use velox_rpc::{Ctx, Result, middleware};

#[middleware]
pub async fn tenant(ctx: &impl Ctx) -> Result<String> {
    let name = std::rc::Rc::new(ctx.base().procedure().to_string());
    std::future::ready(()).await;
    Ok(name.to_string())
}

fn main() {}
