//! What hosts and networks do wrong, each with the code it ends in and the requests it costs.

use crate::loopback::{Fault, Server};
use crate::storage::at;
use bytes::Bytes;
use lakeglass::error::{Error, ErrorCode};
use lakeglass::storage::{Metrics, Probe, RetryPolicy, Storage, StorageOptions};
use std::time::{Duration, Instant};

const SECRET: &str = "sig=topsecret";

fn options() -> StorageOptions {
    let retry = RetryPolicy { first_delay: Duration::from_millis(1), ..RetryPolicy::default() };
    StorageOptions { retry, timeout: Duration::from_millis(200), ..StorageOptions::default() }
}

fn open(server: &Server) -> Storage {
    Storage::open(&server.url(&format!("t?{SECRET}")), &options()).unwrap()
}

fn server() -> Server {
    Server::in_memory([("t/a", "abcdefghij")])
}

/// The error of reading bytes 2 to 6 of `t/a` with `fault`, which has to keep the secret, and the number of requests.
async fn failure(fault: Fault) -> (Error, usize) {
    let server = server();
    server.fault("t/a", fault);
    let error = open(&server).get_ranges(&at("a"), &[2..6]).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("topsecret"), "{error:?}");
    (error, server.requests().len())
}

async fn code(fault: Fault) -> (ErrorCode, usize) {
    let (error, requests) = failure(fault).await;
    (error.code(), requests)
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() {
    assert_eq!(code(Fault::Status(404)).await, (ErrorCode::HttpStatus, 1));
    assert_eq!(code(Fault::Status(410)).await, (ErrorCode::HttpStatus, 1));
    assert_eq!(code(Fault::Status(401)).await, (ErrorCode::PermissionDenied, 1));
    assert_eq!(code(Fault::Status(403)).await, (ErrorCode::PermissionDenied, 1));
    assert_eq!(code(Fault::StatusBody(400, "<Code>ExpiredToken</Code>")).await, (ErrorCode::UrlExpired, 1));
    assert_eq!(code(Fault::StatusBody(400, "<Code>InvalidRequest</Code>")).await, (ErrorCode::HttpStatus, 1));
    assert_eq!(code(Fault::Expired).await, (ErrorCode::UrlExpired, 1));
    assert_eq!(code(Fault::Status(416)).await, (ErrorCode::CorruptTable, 1));
    assert_eq!(code(Fault::Status(304)).await, (ErrorCode::HttpStatus, 1));
    let (error, _) = failure(Fault::Status(404)).await;
    assert!(error.is_missing());
}

#[tokio::test]
async fn a_signature_whose_date_has_gone_by_has_expired() {
    let server = server();
    server.fault("*", Fault::Status(403));
    let url = server.url("t?X-Amz-Date=20200101T000000Z&X-Amz-Expires=60&X-Amz-Signature=topsecret");
    let error = Storage::open(&url, &options()).unwrap().get(&at("a")).await.unwrap_err();
    let reason = "it ended at 2020-01-01T00:01:00+00:00, ask whoever gave it for a fresh one".to_owned();
    assert_eq!(error, Error::UrlExpired { url: server.url("t/a").to_string(), reason });
}

#[tokio::test]
async fn what_does_not_pass_is_given_up_after_the_last_attempt() {
    for status in [408, 425, 429, 500, 503] {
        assert_eq!(code(Fault::Status(status)).await, (ErrorCode::HttpStatus, 5), "{status}");
    }
    assert_eq!(code(Fault::Drop).await, (ErrorCode::Network, 5));
    assert_eq!(code(Fault::ShortBody(1)).await, (ErrorCode::Network, 5));
    assert_eq!(code(Fault::ShortRange(1)).await, (ErrorCode::Network, 5));
    assert_eq!(code(Fault::Hang).await, (ErrorCode::Network, 5));
    assert_eq!(code(Fault::Gzip).await, (ErrorCode::Network, 5));
    assert_eq!(code(Fault::ShiftRange).await, (ErrorCode::Network, 1), "a contradiction stays one");
}

/// Logs are stored gzipped on some hosts; browsers decode that by themselves.
#[tokio::test]
async fn a_whole_object_that_is_stored_gzipped_is_decoded() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, b"{\"commitInfo\":{}}").unwrap();
    let server = server();
    server.put("t/a", encoder.finish().unwrap());
    server.fault("t/a", Fault::StoredGzip);
    let object = open(&server).get(&at("a")).await.unwrap();
    assert_eq!(object.bytes, Bytes::from("{\"commitInfo\":{}}"));
    let error = open(&server).get_ranges(&at("a"), std::slice::from_ref(&(0..4))).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Network, "a range is one of the encoded bytes");
}

#[tokio::test]
async fn nobody_listening_is_a_network_error() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}/t?{SECRET}").parse().unwrap();
    let storage = Storage::open(&url, &options()).unwrap();
    let error = storage.get(&at("a")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Network);
    assert!(!format!("{error:?}").contains("topsecret"), "{error:?}");
    assert_eq!(storage.meter().metrics(), Metrics { requests: 5, retries: 4, ..Metrics::default() });
}

#[tokio::test]
async fn what_passes_is_outlasted() {
    for fault in [Fault::Status(500), Fault::Drop, Fault::ShortBody(3), Fault::Hang, Fault::RetryAfter(429, "0".into())]
    {
        let server = server();
        server.fault_times("t/a", fault.clone(), 2);
        let storage = open(&server);
        assert_eq!(storage.get_ranges(&at("a"), &[2..6]).await.unwrap(), [Bytes::from("cdef")], "{fault:?}");
        assert_eq!(server.requests().len(), 3, "{fault:?}");
        let metrics = storage.meter().metrics();
        assert_eq!((metrics.requests, metrics.retries), (3, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn retry_after_is_honoured_and_bounded() {
    let server = server();
    server.fault_times("t/a", Fault::RetryAfter(429, "1".into()), 1);
    let started = Instant::now();
    open(&server).get(&at("a")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(code(Fault::RetryAfter(503, "3600".into())).await, (ErrorCode::HttpStatus, 1), "longer than we wait");
}

#[tokio::test]
async fn a_host_that_ignores_ranges_is_asked_once() {
    let server = server();
    server.fault("t/a", Fault::IgnoreRange);
    let storage = open(&server);
    // Far apart enough to be two requests, were it not for the first answer.
    server.put("t/a", vec![7; 300_000]);
    assert_eq!(storage.get_ranges(&at("a"), &[0..4, 200_000..200_002]).await.unwrap().len(), 2);
    let location = at("a");
    let (first, second) = ([5..9], [250_000..250_001]);
    let (first, second) = futures::join!(storage.get_ranges(&location, &first), storage.get_ranges(&location, &second));
    assert_eq!((first.unwrap()[0].len(), second.unwrap()[0].len()), (4, 1));
    assert_eq!(storage.get_tail(&at("a"), None, 9).await.unwrap().1, 300_000);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(storage.meter().metrics().whole_replies, 1);
}

#[tokio::test]
async fn probes_tell_missing_denied_and_broken_apart() {
    let server = server();
    let storage = open(&server);
    for (fault, expected) in
        [(Fault::Status(404), "missing"), (Fault::Status(410), "missing"), (Fault::Status(403), "denied")]
    {
        server.fault("t/a", fault);
        for probe in [storage.probe(&at("a")).await.unwrap(), storage.probe_mutable(&at("a")).await.unwrap()] {
            let actual = match probe {
                Probe::Found(_) => "found",
                Probe::Missing => "missing",
                Probe::Denied => "denied",
                Probe::Hidden => "hidden",
            };
            assert_eq!(actual, expected);
        }
    }
    for (fault, code) in [
        (Fault::Status(401), ErrorCode::PermissionDenied),
        (Fault::Expired, ErrorCode::UrlExpired),
        (Fault::Status(500), ErrorCode::HttpStatus),
        (Fault::Drop, ErrorCode::Network),
    ] {
        server.fault("t/a", fault);
        assert_eq!(storage.probe(&at("a")).await.unwrap_err().code(), code);
    }
    server.heal();
    assert!(matches!(storage.probe(&at("a")).await.unwrap(), Probe::Found(_)));
}

#[tokio::test]
async fn redirects_are_followed_without_telling_where_from() {
    let (server, elsewhere) = (server(), Server::in_memory([("moved", "abcdefghij")]));
    server.fault("t/a", Fault::Redirect(elsewhere.url("moved")));
    assert_eq!(open(&server).get_ranges(&at("a"), &[2..6]).await.unwrap(), [Bytes::from("cdef")]);
    let request = &elsewhere.requests()[0];
    assert_eq!(request.range.as_deref(), Some("bytes=2-5"));
    assert!(!format!("{request:?}").contains("topsecret"), "{request:?}");
}
