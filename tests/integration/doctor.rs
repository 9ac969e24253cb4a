//! The doctor, in front of hosts that are configured wrongly: each fault by its name, with what to write.

use crate::sql_fixture::folder;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

/// What a browser's page asks.
struct Asked {
    method: String,
    path: String,
    headers: HashMap<String, String>,
}

/// What a host answers.
#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.headers.push((name.into(), value.into()));
    }

    fn unset(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }
}

/// Serves a demo table as it should be, but for what `wrong` makes of each answer; returns its URL.
fn host(wrong: impl Fn(&Asked, &mut Answer) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/weather", listener.local_addr().unwrap());
    let wrong = Arc::new(wrong);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let wrong = wrong.clone();
            std::thread::spawn(move || converse(stream, wrong.as_ref()));
        }
    });
    url
}

fn converse(stream: TcpStream, wrong: &(dyn Fn(&Asked, &mut Answer) + Send + Sync)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let asked = Asked { method, path, headers };
    let mut answer = sound(&asked);
    wrong(&asked, &mut answer);
    let mut stream = stream;
    let mut head =
        format!("HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(b"\r\n").ok()?;
    if asked.method != "HEAD" {
        stream.write_all(&answer.body).ok()?;
    }
    Some(())
}

/// As a static host should answer.
fn sound(asked: &Asked) -> Answer {
    let cors = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "Content-Range, ETag")];
    let headers = cors.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut answer = Answer { status: 200, headers, body: vec![] };
    if asked.method == "OPTIONS" {
        answer.status = 204;
        answer.set("access-control-allow-headers", "range, x-token, authorization");
        return answer;
    }
    let path = asked.path.split('?').next().unwrap();
    let Ok(object) = std::fs::read(folder("www/demo").join(path.trim_start_matches('/'))) else {
        answer.status = 404;
        return answer;
    };
    answer.body = object;
    if let Some(range) = asked.headers.get("range").and_then(|range| range.strip_prefix("bytes=")) {
        let (first, last) = range.split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let end = (last + 1).min(answer.body.len());
        answer.status = 206;
        answer.set("content-range", &format!("bytes {first}-{}/{}", end - 1, answer.body.len()));
        answer.body = answer.body[first..end].to_vec();
    }
    answer
}

/// The findings by code, as `(severity, fix)`; and whether the exit status says that all is well.
fn doctor(url: &str, more: &[&str]) -> (HashMap<String, (String, String)>, bool) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_lakeglass")).args(["doctor", url, "--json"]).args(more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let findings: Vec<Value> =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let by_code = findings.iter().map(|f| (word(f, "code"), (word(f, "severity"), word(f, "fix")))).collect();
    (by_code, output.status.success())
}

/// The one fault of a host, and its fix.
#[track_caller]
fn fault(url: &str, more: &[&str], code: &str, fix: &str) {
    let (findings, sound) = doctor(url, more);
    let faults: Vec<&String> =
        findings.iter().filter(|(_, (severity, _))| severity == "fault").map(|(code, _)| code).collect();
    assert_eq!((faults, sound), (vec![&code.to_owned()], false), "{findings:?}");
    assert!(findings[code].1.contains(fix), "{:?} should tell {fix}", findings[code].1);
}

#[test]
fn a_sound_host() {
    let (findings, sound) = doctor(&host(|_, _| {}), &[]);
    assert!(sound && findings.values().all(|(severity, _)| severity == "ok"), "{findings:?}");
    for code in ["table", "cors", "preflight", "range", "absence", "rights"] {
        assert!(findings.contains_key(code), "{findings:?}");
    }
    let (findings, sound) = doctor(&host(|_, _| {}), &["-o", "header.x-token=secret"]);
    assert!(sound, "{findings:?}");
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/t", listener.local_addr().unwrap());
    drop(listener);
    fault(&url, &[], "unreachable", "name and port");
}

#[test]
fn no_cors_at_an_nginx() {
    let url = host(|_, answer| {
        answer.headers.retain(|(name, _)| !name.starts_with("access-control"));
        answer.set("server", "nginx/1.26.3");
    });
    fault(&url, &[], "cors_missing", "add_header Access-Control-Allow-Origin \"https://lakeglass.example\" always;");
}

#[test]
fn cors_for_another_page() {
    let url = host(|_, answer| {
        answer.set("access-control-allow-origin", "https://other.example");
        answer.set("server", "AmazonS3");
    });
    fault(
        &url,
        &["--origin", "https://mine.example"],
        "cors_other_origin",
        "\"AllowedOrigins\": [\"https://mine.example\"]",
    );
}

#[test]
fn cors_on_success_alone() {
    let url = host(|_, answer| {
        if answer.status == 404 {
            answer.unset("access-control-allow-origin");
        }
        answer.set("server", "nginx");
    });
    let (findings, sound) = doctor(&url, &[]);
    assert!(sound && findings["cors_missing_on_errors"].1.contains("always"), "{findings:?}");
}

#[test]
fn a_preflight_that_allows_no_headers() {
    let refuses = |asked: &Asked, answer: &mut Answer| {
        if asked.method == "OPTIONS" {
            answer.status = 403;
        }
    };
    fault(&host(refuses), &["-o", "header.x-token=secret"], "preflight_refused", "x-token");
    let wildcard = |asked: &Asked, answer: &mut Answer| {
        if asked.method == "OPTIONS" {
            answer.set("access-control-allow-headers", "*");
        }
    };
    fault(&host(wildcard), &["-o", "bearerToken=secret"], "preflight_refused", "authorization");
    let (findings, sound) = doctor(&host(refuses), &[]);
    assert!(sound && findings["preflight_refused_range"].0 == "note", "{findings:?}");
}

#[test]
fn a_host_without_ranges() {
    let url = host(|asked, answer| {
        if asked.headers.contains_key("range") {
            *answer = sound(&Asked { method: "GET".into(), path: asked.path.clone(), headers: HashMap::new() });
        }
        answer.set("server", "SimpleHTTP/0.6 Python/3.13.5");
    });
    fault(&url, &[], "range_ignored", "python -m http.server");
}

#[test]
fn a_host_with_wrong_ranges() {
    let url = host(|asked, answer| {
        if asked.headers.get("range").is_some_and(|range| range == "bytes=0-3") {
            answer.body = b"AR1x".to_vec();
        }
    });
    fault(&url, &[], "range_wrong", "206");
}

#[test]
fn data_files_compressed_on_the_way() {
    let url = host(|asked, answer| {
        if asked.path.ends_with(".parquet") && asked.headers.get("accept-encoding").is_some_and(|e| e.contains("gzip"))
        {
            answer.set("content-encoding", "gzip");
        }
        answer.set("server", "nginx");
    });
    fault(&url, &[], "compressed", "gzip off");
}

#[test]
fn a_front_page_for_everything() {
    let url = host(|_, answer| {
        if answer.status == 404 {
            (answer.status, answer.body) = (200, b"<!doctype html><title>app</title>".to_vec());
        }
    });
    fault(&url, &[], "missing_answers_page", "index.html");
}

#[test]
fn a_log_that_was_not_published() {
    let jekyll = |asked: &Asked, answer: &mut Answer| {
        if asked.path.contains("_delta_log") {
            (answer.status, answer.body) = (404, vec![]);
        }
        answer.set("server", "GitHub.com");
    };
    fault(&host(jekyll), &[], "nojekyll", "touch .nojekyll");
    let plain = |asked: &Asked, answer: &mut Answer| {
        if asked.path.contains("_delta_log") {
            (answer.status, answer.body) = (404, vec![]);
        }
    };
    fault(&host(plain), &[], "table_not_found", "_delta_log");
    fault(&format!("{}/_delta_log", host(|_, _| {})), &[], "url_of_the_log", "leave _delta_log out");
}

#[test]
fn a_private_table_and_an_expired_signature() {
    let private =
        |_: &Asked, answer: &mut Answer| (answer.status, answer.body) = (403, b"<Code>AccessDenied</Code>".to_vec());
    let (findings, sound) = doctor(&host(private), &[]);
    assert!(!sound && findings["permission_denied"].0 == "fault", "{findings:?}");
    let expired = |_: &Asked, answer: &mut Answer| {
        (answer.status, answer.body) = (403, b"<Message>Request has expired</Message>".to_vec());
    };
    let (findings, sound) = doctor(&format!("{}?X-Amz-Signature=secret", host(expired)), &[]);
    assert!(!sound && findings["url_expired"].1.contains("sign"), "{findings:?}");
    assert!(!format!("{findings:?}").contains("secret"));
}

#[test]
fn data_files_that_are_denied_or_gone() {
    let denied = |asked: &Asked, answer: &mut Answer| {
        if asked.path.ends_with(".parquet") {
            (answer.status, answer.body) = (403, vec![]);
        }
    };
    fault(&host(denied), &[], "data_denied", "whole folder");
    let gone = |asked: &Asked, answer: &mut Answer| {
        if asked.path.ends_with(".parquet") {
            (answer.status, answer.body) = (404, vec![]);
        }
    };
    fault(&host(gone), &[], "data_missing", "upload");
}

#[test]
fn a_redirect_that_headers_do_not_follow() {
    let target = host(|_, _| {});
    let target = target.strip_suffix("/weather").unwrap().to_owned();
    let url = host(move |asked, answer| {
        if asked.method == "GET" {
            answer.status = 302;
            answer.set("location", &format!("{target}{}", asked.path));
        }
    });
    fault(&url, &["-o", "header.x-token=secret"], "redirected", "itself");
    let (findings, sound) = doctor(&url, &[]);
    assert!(sound && findings["redirected"].0 == "note", "{findings:?}");
}

#[test]
fn a_hidden_content_range_is_no_fault() {
    let (findings, sound) = doctor(&host(|_, answer| answer.unset("access-control-expose-headers")), &[]);
    assert!(sound && findings["content_range_hidden"].0 == "note", "{findings:?}");
}

#[test]
fn for_people_to_read() {
    let url = host(|_, answer| answer.headers.clear());
    let output =
        Command::new(env!("CARGO_BIN_EXE_lakeglass")).args(["doctor", &format!("{url}?sig=secret")]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("FAULT  cors_missing: ") && text.contains("1 fault keeps"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    let local = Command::new(env!("CARGO_BIN_EXE_lakeglass")).args(["doctor", "."]).output().unwrap();
    assert!(String::from_utf8(local.stderr).unwrap().starts_with("unsupported_feature: "));
}
