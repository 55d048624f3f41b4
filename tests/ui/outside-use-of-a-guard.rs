use velox_rpc::procedure;
use velox_rpc::procedure::has_role;
use velox_session::SessionMiddleware;

pub fn build(session: &SessionMiddleware) {
    let _ = procedure::<()>().use_(has_role("admin")).query(|_| Ok(1));
    let _ = procedure::<()>().guard(session.required()).query(|_| Ok(1));
}

fn main() {}
// mistakes: 2
