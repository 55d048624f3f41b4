//! Tests the types that the front end is compiled with.

use velox_example_fullstack::app::app;
use velox_rpc::export::TypeScript;

use super::is_up_to_date;

#[test]
fn the_types_of_the_front_end_are_up_to_date() {
    let service = app(None).expect("good settings").into_service().expect("good routes");
    let types = TypeScript::of(service.manifest()).app_router().to_string();
    is_up_to_date("web/src/app-router.d.ts", &types);
}
