//! The table that maps each kind of error to its HTTP status, its tRPC key and its JSON-RPC number.

use http::StatusCode;

/// The kind of an [`Error`](super::Error), which is the same over REST, over tRPC and for the
/// direct caller.
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
    /// 400: the request is invalid.
    BadRequest,
    /// 400: the request could not be parsed.
    ParseError,
    /// 401: the caller is not authenticated.
    Unauthorized,
    /// 402: the caller has to pay first.
    PaymentRequired,
    /// 403: the caller is not allowed to do this.
    Forbidden,
    /// 404: the resource or the path does not exist.
    NotFound,
    /// 405: the path exists, but not for this method.
    MethodNotSupported,
    /// 408: the request took too long to arrive.
    Timeout,
    /// 409: the request conflicts with the current state of the resource.
    Conflict,
    /// 412: a condition of the request does not hold.
    PreconditionFailed,
    /// 413: the request body is too large.
    PayloadTooLarge,
    /// 415: the format of the request body is not supported.
    UnsupportedMediaType,
    /// 422: the request was understood, but it does not make sense.
    UnprocessableContent,
    /// 428: the request must carry a condition.
    PreconditionRequired,
    /// 429: the caller sent too many requests.
    TooManyRequests,
    /// 499: the client closed the connection.
    ClientClosedRequest,
    /// 500: something failed on the server.
    InternalServerError,
    /// 501: the feature is not implemented.
    NotImplemented,
    /// 502: a server behind this one sent an invalid response.
    BadGateway,
    /// 503: the server or a service that it needs is not available at the moment.
    ServiceUnavailable,
    /// 504: a server behind this one did not answer in time.
    GatewayTimeout,
}

impl ErrorKind {
    /// Returns the kind for an HTTP status. It returns [`BadRequest`](ErrorKind::BadRequest) for
    /// any other 4xx, and [`InternalServerError`](ErrorKind::InternalServerError) for everything
    /// else.
    pub fn from_status(status: StatusCode) -> Self {
        TABLE.iter().find(|row| row.1 == status.as_u16() && row.0 != ErrorKind::ParseError).map_or_else(
            || if status.is_client_error() { ErrorKind::BadRequest } else { ErrorKind::InternalServerError },
            |row| row.0,
        )
    }

    /// Returns the HTTP status, which is always a 4xx or a 5xx.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).expect("the table holds valid statuses")
    }

    /// Returns the tRPC key, for example `NOT_FOUND`.
    pub fn key(self) -> &'static str {
        self.row().2
    }

    /// Returns the JSON-RPC 2.0 error code that tRPC uses.
    pub fn json_rpc(self) -> i32 {
        self.row().3
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

type Row = (ErrorKind, u16, &'static str, i32);

/// The rows are in the order of the enum, so a kind is the index of its row.
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
