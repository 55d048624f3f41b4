use velox_rpc::{procedure, schema};

#[schema]
pub struct GetUser {
    pub id: String,
}

pub fn build() {
    let _ = procedure::<()>().input::<GetUser>().query(|input, ctx| Ok(input.id));
    let _ = procedure::<()>().input::<GetUser>().query(async |input, ctx| Ok(input.id));
    let _ = procedure::<()>().input::<GetUser>().query(|(input, ctx)| Ok(input.id));
}

fn main() {}
// mistakes: 3
