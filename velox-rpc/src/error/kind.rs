//! The one table that maps a kind of error to its HTTP status, its tRPC key and its JSON-RPC number.

use http::StatusCode;

/// The kind of failure of an [`Error`](super::Error): the same over REST, tRPC and the direct caller.
///
/// The names and numbers are those of tRPC 11.
///
/// # Examples
///
/// ```
/// use velox_rpc::error::ErrorKind;
///
/// assert_eq!(ErrorKind::Unauthorized.status().as_u16(), 401);
/// assert_eq!(ErrorKind::Unauthorized.key(), "UNAUTHORIZED");
/// assert_eq!(ErrorKind::Unauthorized.json_rpc(), -32001);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is not what it should be.
    BadRequest,
    /// The request could not be read at all.
    ParseError,
    /// The caller is not known.
    Unauthorized,
    /// The caller has to pay first.
    PaymentRequired,
    /// The caller is known, and may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The thing is there, but not by this method.
    MethodNotSupported,
    /// The request took too long to arrive.
    Timeout,
    /// The thing is not in the state that the request expects.
    Conflict,
    /// A condition of the request does not hold.
    PreconditionFailed,
    /// The body is larger than is allowed.
    PayloadTooLarge,
    /// The body is in a format that is not read here.
    UnsupportedMediaType,
    /// The request was understood, and makes no sense.
    UnprocessableContent,
    /// The request must carry a condition.
    PreconditionRequired,
    /// The caller asks too often.
    TooManyRequests,
    /// The caller went away.
    ClientClosedRequest,
    /// Something failed that the caller cannot help.
    InternalServerError,
    /// Not built yet.
    NotImplemented,
    /// A server behind this one gave nonsense.
    BadGateway,
    /// Something that is needed is not there at the moment.
    ServiceUnavailable,
    /// A server behind this one did not answer in time.
    GatewayTimeout,
}

impl ErrorKind {
    /// The kind for an HTTP status: [`BadRequest`](ErrorKind::BadRequest) for another 4xx,
    /// [`InternalServerError`](ErrorKind::InternalServerError) for everything else.
    pub fn from_status(status: StatusCode) -> Self {
        TABLE.iter().find(|row| row.1 == status.as_u16() && row.0 != ErrorKind::ParseError).map_or_else(
            || if status.is_client_error() { ErrorKind::BadRequest } else { ErrorKind::InternalServerError },
            |row| row.0,
        )
    }

    /// The HTTP status, always a 4xx or a 5xx.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).expect("the table holds valid statuses")
    }

    /// The key by which tRPC knows it.
    pub fn key(self) -> &'static str {
        self.row().2
    }

    /// The number by which JSON-RPC 2.0 knows it, as tRPC gives it out.
    pub fn json_rpc(self) -> i32 {
        self.row().3
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

type Row = (ErrorKind, u16, &'static str, i32);

/// In the order of the enum, so that a kind is its own index.
const TABLE: [Row; 21] = [
    (ErrorKind::BadRequest, 400, "BAD_REQUEST", -32600),
    (ErrorKind::ParseError, 400, "PARSE_ERROR", -32700),
    (ErrorKind::Unauthorized, 401, "UNAUTHORIZED", -32001),
    (ErrorKind::PaymentRequired, 402, "PAYMENT_REQUIRED", -32002),
    (ErrorKind::Forbidden, 403, "FORBIDDEN", -32003),
    (ErrorKind::NotFound, 404, "NOT_FOUND", -32004),
    (ErrorKind::MethodNotSupported, 405, "METHOD_NOT_SUPPORTED", -32005),
    (ErrorKind::Timeout, 408, "TIMEOUT", -32008),
    (ErrorKind::Conflict, 409, "CONFLICT", -32009),
    (ErrorKind::PreconditionFailed, 412, "PRECONDITION_FAILED", -32012),
    (ErrorKind::PayloadTooLarge, 413, "PAYLOAD_TOO_LARGE", -32013),
    (ErrorKind::UnsupportedMediaType, 415, "UNSUPPORTED_MEDIA_TYPE", -32015),
    (ErrorKind::UnprocessableContent, 422, "UNPROCESSABLE_CONTENT", -32022),
    (ErrorKind::PreconditionRequired, 428, "PRECONDITION_REQUIRED", -32028),
    (ErrorKind::TooManyRequests, 429, "TOO_MANY_REQUESTS", -32029),
    (ErrorKind::ClientClosedRequest, 499, "CLIENT_CLOSED_REQUEST", -32099),
    (ErrorKind::InternalServerError, 500, "INTERNAL_SERVER_ERROR", -32603),
    (ErrorKind::NotImplemented, 501, "NOT_IMPLEMENTED", -32603),
    (ErrorKind::BadGateway, 502, "BAD_GATEWAY", -32603),
    (ErrorKind::ServiceUnavailable, 503, "SERVICE_UNAVAILABLE", -32603),
    (ErrorKind::GatewayTimeout, 504, "GATEWAY_TIMEOUT", -32603),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_its_own_index() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, index);
        }
    }

    #[test]
    fn every_status_is_an_error_and_leads_back_to_its_kind() {
        for (kind, status, ..) in TABLE {
            let status = StatusCode::from_u16(status).expect("valid");
            assert!(status.is_client_error() || status.is_server_error());
            if kind != ErrorKind::ParseError {
                assert_eq!(ErrorKind::from_status(status), kind);
            }
        }
    }

    #[test]
    fn a_status_outside_the_table_keeps_its_side() {
        assert_eq!(ErrorKind::from_status(StatusCode::IM_A_TEAPOT), ErrorKind::BadRequest);
        assert_eq!(ErrorKind::from_status(StatusCode::INSUFFICIENT_STORAGE), ErrorKind::InternalServerError);
        assert_eq!(ErrorKind::from_status(StatusCode::OK), ErrorKind::InternalServerError);
    }
}
