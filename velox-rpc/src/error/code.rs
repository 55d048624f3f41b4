//! The one table that maps a code to its HTTP status, its tRPC key and its JSON-RPC number.

use http::StatusCode;

/// What kind of failure an [`Error`](super::Error) is, whatever wire carries it.
///
/// The names and numbers are those of tRPC 11.
///
/// # Examples
///
/// ```
/// use velox_rpc::error::Code;
///
/// assert_eq!(Code::Unauthorized.status().as_u16(), 401);
/// assert_eq!(Code::Unauthorized.key(), "UNAUTHORIZED");
/// assert_eq!(Code::Unauthorized.json_rpc(), -32001);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
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

impl Code {
    /// The code that fits an HTTP status; [`BadRequest`](Code::BadRequest) for another 4xx,
    /// [`InternalServerError`](Code::InternalServerError) for everything else.
    pub fn from_status(status: StatusCode) -> Self {
        TABLE.iter().find(|row| row.1 == status.as_u16() && row.0 != Code::ParseError).map_or_else(
            || if status.is_client_error() { Code::BadRequest } else { Code::InternalServerError },
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

type Row = (Code, u16, &'static str, i32);

/// In the order of the enum, so that a code is its own index.
const TABLE: [Row; 21] = [
    (Code::BadRequest, 400, "BAD_REQUEST", -32600),
    (Code::ParseError, 400, "PARSE_ERROR", -32700),
    (Code::Unauthorized, 401, "UNAUTHORIZED", -32001),
    (Code::PaymentRequired, 402, "PAYMENT_REQUIRED", -32002),
    (Code::Forbidden, 403, "FORBIDDEN", -32003),
    (Code::NotFound, 404, "NOT_FOUND", -32004),
    (Code::MethodNotSupported, 405, "METHOD_NOT_SUPPORTED", -32005),
    (Code::Timeout, 408, "TIMEOUT", -32008),
    (Code::Conflict, 409, "CONFLICT", -32009),
    (Code::PreconditionFailed, 412, "PRECONDITION_FAILED", -32012),
    (Code::PayloadTooLarge, 413, "PAYLOAD_TOO_LARGE", -32013),
    (Code::UnsupportedMediaType, 415, "UNSUPPORTED_MEDIA_TYPE", -32015),
    (Code::UnprocessableContent, 422, "UNPROCESSABLE_CONTENT", -32022),
    (Code::PreconditionRequired, 428, "PRECONDITION_REQUIRED", -32028),
    (Code::TooManyRequests, 429, "TOO_MANY_REQUESTS", -32029),
    (Code::ClientClosedRequest, 499, "CLIENT_CLOSED_REQUEST", -32099),
    (Code::InternalServerError, 500, "INTERNAL_SERVER_ERROR", -32603),
    (Code::NotImplemented, 501, "NOT_IMPLEMENTED", -32603),
    (Code::BadGateway, 502, "BAD_GATEWAY", -32603),
    (Code::ServiceUnavailable, 503, "SERVICE_UNAVAILABLE", -32603),
    (Code::GatewayTimeout, 504, "GATEWAY_TIMEOUT", -32603),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_its_own_index() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, index);
        }
    }

    #[test]
    fn every_status_is_an_error_and_leads_back_to_its_code() {
        for (code, status, ..) in TABLE {
            let status = StatusCode::from_u16(status).expect("valid");
            assert!(status.is_client_error() || status.is_server_error());
            if code != Code::ParseError {
                assert_eq!(Code::from_status(status), code);
            }
        }
    }

    #[test]
    fn a_status_outside_the_table_keeps_its_side() {
        assert_eq!(Code::from_status(StatusCode::IM_A_TEAPOT), Code::BadRequest);
        assert_eq!(Code::from_status(StatusCode::INSUFFICIENT_STORAGE), Code::InternalServerError);
        assert_eq!(Code::from_status(StatusCode::OK), Code::InternalServerError);
    }
}
