//! What the answers of a host mean for a page in a browser. Pure.

use super::fix;
use super::host::Host;
use super::probe::{Answer, Reply, Seen};
use lakeglass::Error;
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// It keeps a browser from reading the table, or makes it read far more than it has to.
    Fault,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Ok => "ok",
            Severity::Note => "note",
            Severity::Fault => "FAULT",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Its stable name.
    pub code: &'static str,
    pub message: String,
    /// What to change, ready to be copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

fn finding(severity: Severity, code: &'static str, message: impl Into<String>, fix: Option<String>) -> Finding {
    Finding { severity, code, message: message.into(), fix }
}

fn fault(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Finding {
    finding(Severity::Fault, code, message, Some(fix.into()))
}

fn note(code: &'static str, message: impl Into<String>, fix: Option<String>) -> Finding {
    finding(Severity::Note, code, message, fix)
}

fn ok(code: &'static str, message: impl Into<String>) -> Finding {
    finding(Severity::Ok, code, message, None)
}

/// Everything that can be said of what was seen.
pub fn judge(seen: &Seen) -> Vec<Finding> {
    let replies = [&seen.log, &seen.range, &seen.missing];
    let Some(reply) = replies.iter().find_map(|answer| answer.as_ref().ok()) else {
        let reason = seen.log.as_ref().err().cloned().unwrap_or_default();
        let fix = fix::text("unreachable", Host::Other);
        return vec![fault("unreachable", format!("the host does not answer: {reason}"), fix)];
    };
    let host = Host::of(&seen.url, reply.header("server"));
    let mut findings = Vec::new();
    findings.extend(mixed_content(seen));
    let table = existence(seen, host);
    let readable = table.severity == Severity::Ok;
    findings.push(table);
    findings.extend(redirect(seen));
    findings.extend(cors(seen, host));
    if readable {
        findings.extend(ranges(seen, host));
        findings.extend(compression(seen, host));
    }
    findings.extend(absence(seen, host));
    findings.extend(rights(seen));
    findings
}

/// A page over https may not read over http, but from this machine.
fn mixed_content(seen: &Seen) -> Option<Finding> {
    let host = seen.url.host_str().unwrap_or_default();
    let local = host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host.ends_with(".localhost");
    (seen.origin.starts_with("https:") && seen.url.scheme() == "http" && !local).then(|| {
        fault(
            "mixed_content",
            "the page is loaded over https, the table over http: browsers block that",
            fix::text("mixed_content", Host::Other),
        )
    })
}

fn existence(seen: &Seen, host: Host) -> Finding {
    let status = seen.log.as_ref().map(|reply| reply.status).unwrap_or_default();
    match &seen.opened {
        Ok(version) => ok("table", format!("the table opens, at version {version}")),
        Err(Error::UrlExpired { reason, .. }) => {
            fault("url_expired", format!("the URL's signature has expired: {reason}"), fix::text("url_expired", host))
        }
        Err(Error::PermissionDenied { status, .. }) => fault(
            "permission_denied",
            format!("the host answers {status}, also for the log: a private table, or a signature that does not fit"),
            fix::text("permission_denied", host),
        ),
        Err(Error::TableNotFound { .. }) if seen.url.path().contains("/_delta_log/_delta_log/") => {
            fault("url_of_the_log", "the URL is that of the log, not of the table", fix::text("url_of_the_log", host))
        }
        Err(Error::TableNotFound { .. }) if host == Host::GitHubPages && status == 404 => fault(
            "nojekyll",
            "the log is not there: GitHub Pages drops folders that begin with _ unless a file .nojekyll is at the site's root",
            fix::text("table_not_found", host),
        ),
        Err(Error::TableNotFound { reason, .. }) => {
            fault("table_not_found", format!("no log here: {reason}"), fix::text("table_not_found", host))
        }
        Err(error) => {
            fault("unreadable", error.to_string(), "see the message; lakeglass inspect tells more of a table")
        }
    }
}

fn redirect(seen: &Seen) -> Option<Finding> {
    let reply = seen.log.as_ref().ok().filter(|reply| reply.url.origin() != seen.url.origin())?;
    let to = reply.url.origin().ascii_serialization();
    let message =
        format!("the host redirects to {to}: that one needs the CORS headers too, and is sent no credentials");
    Some(match seen.headers.iter().any(|header| header != "authorization") {
        true => fault("redirected", message, format!("give the URL at {to} itself: headers do not follow a redirect")),
        false => note(
            "redirected",
            message,
            Some(format!("giving the URL at {to} itself saves a round trip for each request")),
        ),
    })
}

fn allows(reply: &Reply, origin: &str) -> bool {
    reply.header("access-control-allow-origin").is_some_and(|allowed| allowed == "*" || allowed == origin)
}

fn cors(seen: &Seen, host: Host) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(reply) = [&seen.range, &seen.log].into_iter().find_map(|answer| answer.as_ref().ok()) else {
        return findings;
    };
    let all = fix::cors(host, &seen.origin, &seen.headers);
    match reply.header("access-control-allow-origin") {
        None => {
            let message =
                format!("replies have no Access-Control-Allow-Origin: a page from {} may not read them", seen.origin);
            findings.push(fault("cors_missing", message, all));
            return findings;
        }
        Some(allowed) if !allows(reply, &seen.origin) => {
            let message = format!("replies allow {allowed} to read them, not {}", seen.origin);
            findings.push(fault("cors_other_origin", message, all));
            return findings;
        }
        Some(allowed) => findings.push(ok("cors", format!("replies allow {allowed} to read them"))),
    }
    if let Ok(missing) = &seen.missing
        && !allows(missing, &seen.origin)
    {
        let message = format!(
            "the reply for what is not there ({}) has no CORS header: each look for a newer version costs a page two more requests",
            missing.status
        );
        findings.push(note("cors_missing_on_errors", message, Some(fix::cors_on_errors(host, &seen.origin))));
    }
    findings.push(preflight(seen, all));
    findings
}

fn preflight(seen: &Seen, all: String) -> Finding {
    let allowed = match &seen.preflight {
        Ok(reply) if (200..300).contains(&reply.status) && allows(reply, &seen.origin) => {
            reply.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase()
        }
        _ => String::new(),
    };
    let is_allowed = |header: &str| {
        let mut named = allowed.split(',').map(str::trim);
        // A wildcard does not stand for this one.
        named.any(|name| name == header || (name == "*" && header != "authorization"))
    };
    let refused: Vec<&str> = seen.headers.iter().map(String::as_str).filter(|header| !is_allowed(header)).collect();
    match (refused.is_empty(), is_allowed("range")) {
        (false, _) => {
            let message =
                format!("the preflight does not allow the header {}: browsers send nothing", refused.join(", "));
            fault("preflight_refused", message, all)
        }
        (true, true) => ok("preflight", "the preflight allows ranges"),
        (true, false) => {
            let message = "the preflight does not allow Range: today's browsers ask for plain ranges without one, older ones do not read this table";
            note("preflight_refused_range", message, Some(all))
        }
    }
}

fn ranges(seen: &Seen, host: Host) -> Vec<Finding> {
    let Ok(reply) = &seen.range else {
        let reason = seen.range.as_ref().err().cloned().unwrap_or_default();
        return vec![fault(
            "data_unreachable",
            format!("the log is there, a data file does not come: {reason}"),
            "look at the host's log",
        )];
    };
    let expected = reply.header("content-range").is_none_or(|range| range.starts_with("bytes 0-3/"));
    let begins = |magic: &[u8]| !seen.is_data || reply.body.starts_with(magic);
    match reply.status {
        206 if expected && begins(b"PAR1") => {}
        206 => {
            let got = reply.header("content-range").unwrap_or("no Content-Range").to_owned();
            let message = format!("asked for the first four bytes, the host answers 206 with others ({got})");
            return vec![fault("range_wrong", message, fix::text("range", host))];
        }
        200 => {
            let message = "the host ignores Range and sends whole files: a query reads all of a file where a few columns would do";
            return vec![fault("range_ignored", message, fix::text("range", host))];
        }
        403 | 401 => {
            let message = format!("the log can be read, a data file answers {}", reply.status);
            return vec![fault("data_denied", message, fix::text("data_denied", host))];
        }
        status => {
            let message = format!("the log can be read, a data file answers {status}");
            return vec![fault("data_missing", message, fix::text("data_missing", host))];
        }
    }
    let exposed = reply.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
    let mut findings = vec![ok("range", "a range is answered with that range")];
    if !exposed.split(',').map(str::trim).any(|name| name == "content-range" || name == "*") {
        let message = "Content-Range is not exposed: sizes come from the log alone, which is enough for Delta tables";
        findings.push(note("content_range_hidden", message, Some(fix::cors(host, &seen.origin, &seen.headers))));
    }
    findings
}

fn compression(seen: &Seen, host: Host) -> Option<Finding> {
    let encoding = |answer: &Answer| {
        let encoding = answer.as_ref().ok()?.header("content-encoding")?.to_owned();
        (!encoding.eq_ignore_ascii_case("identity")).then_some(encoding)
    };
    if let Some(encoding) = encoding(&seen.range) {
        let message =
            format!("data files come with Content-Encoding: {encoding}: ranges of them are not the file's bytes");
        return Some(fault("compressed", message, fix::text("uncompressed", host)));
    }
    let encoding = encoding(&seen.log)?;
    Some(ok("compression", format!("the log comes with Content-Encoding: {encoding}, data files as they are")))
}

fn absence(seen: &Seen, host: Host) -> Option<Finding> {
    let reply = seen.missing.as_ref().ok()?;
    match reply.status {
        404 | 410 => Some(ok("absence", "what is not there answers 404")),
        403 => Some(note(
            "absence_denied",
            "what is not there answers 403, as S3 does where listing is denied: it reads, but a wrong path looks like a wrong key",
            Some("allow s3:ListBucket on the prefix to have 404".into()),
        )),
        200 => {
            let message =
                "what is not there answers 200, with a page: newer versions cannot be told from no version at once";
            Some(fault("missing_answers_page", message, fix::text("not_found_page", host)))
        }
        status => Some(note("absence_odd", format!("what is not there answers {status}, not 404"), None)),
    }
}

fn rights(seen: &Seen) -> Vec<Finding> {
    let head = match &seen.head {
        Ok(reply) if (200..300).contains(&reply.status) => "HEAD is allowed (it is not needed)",
        _ => "HEAD is not allowed (it is not needed)",
    };
    let list = match seen.lists {
        true => "the log can be listed",
        false => "the log is read without a listing",
    };
    vec![ok("rights", format!("{head}; {list}"))]
}
