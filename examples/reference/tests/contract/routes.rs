//! "Routes": each procedure with its route, input and result.

mod admin;
mod auth;
mod comments;
mod live;
mod mw;
mod notes;
mod others;
mod users;

use velox_reference::app;

use crate::world::settings;

/// The table of the contract, in its order.
const TABLE: &str = "\
GET     /api/health                                         health.getHealth
POST    /api/auth/login                                     auth.login
POST    /api/auth/logout                                    auth.logout
POST    /api/auth/logout-all                                auth.logoutAll
GET     /api/auth/profile                                   auth.getProfile
GET     /api/auth/home                                      auth.homePage
PUT     /api/auth/profile                                   auth.changeProfile
POST    /api/auth/deactivate                                auth.deactivate
GET     /api/session/info                                   session.getInfo
GET     /api/session/data                                   session.getData
POST    /api/session/data                                   session.setData
DELETE  /api/session/data/:key                              session.removeData
POST    /api/session/fail                                   session.setThenFail
POST    /api/session/regenerate                             session.regenerate
POST    /api/session/flash                                  session.setFlash
GET     /api/session/flash                                  session.getFlash
POST    /api/session/login-flash                            session.loginThenReadFlash
GET     /api/session/lazy                                   session.lazyPeek
GET     /api/session/lazy-data                              session.lazyData
POST    /api/short/login                                    short.login
GET     /api/short/profile                                  short.getProfile
POST    /api/short/touch                                    short.touch
GET     /api/users                                          users.listUsers
GET     /api/users/:id                                      users.getUser
POST    /api/users                                          users.createUser
PUT     /api/users/:id                                      users.updateUser
PATCH   /api/users/:id                                      users.patchUser
DELETE  /api/users/:id                                      users.deleteUser
GET     /api/notes                                          notes.findNotes
POST    /api/notes                                          notes.addNote
PUT     /api/notes/:id                                      notes.editNote
DELETE  /api/notes/:id                                      notes.removeNote
GET     /api/posts/:postId/comments                         comments.listComments
GET     /api/posts/:postId/comments/:id                     comments.getComment
POST    /api/posts/:postId/comments                         comments.createComment
DELETE  /api/posts/:postId/comments/:id                     comments.deleteComment
GET     /api/organizations/:orgId/projects/:projectId/tasks/:id  tasks.getTask
GET     /api/admin/stats                                    admin.getStats
POST    /api/admin/reports                                  admin.createReport
GET     /api/admin/accounts                                 admin.listAccounts
GET     /api/live/count                                     live.count
GET     /api/live/fails                                     live.fails
GET     /api/live/feed                                      live.feed
POST    /api/live/publish                                   live.publish
GET     /api/live/mine                                      live.mine
GET     /api/mw/context                                     mw.getContext
GET     /api/mw/short-circuit                               mw.shortCircuit
GET     /api/mw/output                                      mw.stripOutput
GET     /api/mw/bad-output                                  mw.badOutput
POST    /api/mw/validate-order                              mw.validateBeforeSession
POST    /api/mw/nothing                                     mw.returnNothing
GET     /api/mw/null                                        mw.returnNull
GET     /api/mw/echo/:slug                                  mw.echoParam
POST    /api/mw/post/:slug                                  mw.postParam
GET     /api/errors/plain                                   errors.throwPlain
GET     /api/errors/not-found                               errors.throwNotFound
GET     /api/errors/validation                              errors.throwValidation
GET     /api/errors/custom                                  errors.throwVelox
GET     /api/csrf/token                                     csrf.getToken
POST    /api/csrf/submit                                    csrf.submit
GET     /api/limited                                        limited.getLimited
POST    /api/debug/reset                                    debug.reset
GET     /api/debug/sessions                                 debug.countSessions
";

#[test]
fn every_procedure_of_the_contract_has_its_route_and_there_is_no_other() {
    let service = app(&settings()).expect("good settings").into_service().expect("good routes");
    let routes: Vec<_> = service
        .manifest()
        .entries()
        .iter()
        .map(|entry| {
            let (method, path) = entry.route().expect("each procedure has a route");
            format!("{method} {path} {}", entry.name())
        })
        .collect();
    let expected: Vec<_> = TABLE.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(routes, expected);
}
