//! A static HTTP server on this machine: it serves a folder or a map, keeps a log of its requests, is as slow as told, and
//! misbehaves on demand.
//!
//! ```ignore
//! let server = Server::start("tests/fixtures/basic/table").with_latency(40);
//! let storage = Storage::open(&server.url(""), &StorageOptions::default())?;
//! …
//! assert_eq!(server.requests().len(), 3);
//! assert!(server.round_trips() <= 2);
//! server.fault("_delta_log/00000000000000000000.json", Fault::Status(500));       // from now on
//! server.fault_times("part-0.parquet", Fault::Drop, 2);                           // the next two times
//! ```
//!
//! It runs on a thread of its own, so tests need no runtime to start it, and may block. It stops when dropped.
#![allow(dead_code, reason = "each test module uses a part of it")]

use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use url::Url;

/// How a request for a path is mistreated.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, and an empty body.
    Status(u16),
    /// This status, and this body.
    StatusBody(u16, &'static str),
    /// This status, and a `Retry-After` header.
    RetryAfter(u16, String),
    /// 302 to this URL.
    Redirect(Url),
    /// 403, as S3 answers once a presigned URL has expired.
    Expired,
    /// 200 and the whole object, whatever range was asked for.
    IgnoreRange,
    /// A right 206 without its `Content-Range`, as CORS hides it.
    HideContentRange,
    /// A 206 for other bytes than those asked for: one further on.
    ShiftRange,
    /// The announced length is right, the connection ends this many bytes before.
    ShortBody(usize),
    /// `Content-Length` and the body are this many bytes less than asked for; `Content-Range` says nothing of it.
    ShortRange(usize),
    /// A compressed body that nobody asked for.
    Gzip,
    /// The object is said to be gzipped: it is stored so.
    StoredGzip,
    /// This status, and this body, for what is not there.
    Missing(u16, &'static str),
    /// The connection is closed without an answer.
    Drop,
    /// The request is never answered.
    Hang,
}

/// A request that was served.
#[derive(Debug, Clone)]
pub struct Request {
    /// Counts from 0 since the start.
    pub number: usize,
    /// `GET`, one hopes.
    pub method: String,
    /// Decoded, without the slash at its beginning.
    pub path: String,
    /// What follows the `?`.
    pub query: Option<String>,
    /// The `Range` header as it came.
    pub range: Option<String>,
    /// All headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// The status it was answered with; 0 where it was not.
    pub status: u16,
    /// Body bytes sent.
    pub bytes: usize,
    /// When it arrived.
    pub started: Instant,
    /// When its answer was sent; `None` while it is not.
    pub ended: Option<Instant>,
}

impl Request {
    /// The bytes asked for by one explicit range.
    pub fn range_bytes(&self) -> Option<Range<u64>> {
        let (first, last) = self.range.as_deref()?.strip_prefix("bytes=")?.split_once('-')?;
        Some(first.parse().ok()?..last.parse::<u64>().ok()? + 1)
    }
}

/// The server.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
}

struct State {
    content: Content,
    latency: Mutex<Duration>,
    line: Line,
    requests: Mutex<Vec<Request>>,
    arrived: AtomicUsize,
    /// By path; `*` is every path. The number is how often it still happens.
    faults: Mutex<HashMap<String, (Fault, usize)>>,
}

/// A line that all answers share, chunk by chunk.
#[derive(Default)]
struct Line {
    bytes_per_second: Mutex<Option<u32>>,
    /// When all that was sent has arrived.
    free: Mutex<Option<Instant>>,
}

impl Line {
    async fn send(&self, stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> std::io::Result<()> {
        let rate = *self.bytes_per_second.lock().unwrap();
        let Some(rate) = rate else { return stream.write_all(bytes).await };
        for chunk in bytes.chunks(16 << 10) {
            let arrives = {
                let mut free = self.free.lock().unwrap();
                let begins = free.unwrap_or_else(Instant::now).max(Instant::now());
                *free.insert(begins + Duration::from_secs_f64(chunk.len() as f64 / f64::from(rate)))
            };
            tokio::time::sleep_until(arrives.into()).await;
            stream.write_all(chunk).await?;
        }
        Ok(())
    }
}

enum Content {
    Folder(PathBuf),
    Memory(Mutex<BTreeMap<String, Vec<u8>>>),
}

impl Server {
    /// Serves the files below `folder`.
    pub fn start(folder: impl AsRef<Path>) -> Server {
        Server::serve(Content::Folder(folder.as_ref().to_owned()))
    }

    /// Serves these objects; the names are decoded.
    pub fn in_memory(objects: impl IntoIterator<Item = (impl Into<String>, impl Into<Vec<u8>>)>) -> Server {
        let objects = objects.into_iter().map(|(name, bytes)| (name.into(), bytes.into())).collect();
        Server::serve(Content::Memory(Mutex::new(objects)))
    }

    /// Every answer takes this long.
    pub fn with_latency(self, millis: u64) -> Server {
        *self.state.latency.lock().unwrap() = Duration::from_millis(millis);
        self
    }

    /// All answers together get this many bytes a second.
    pub fn with_bandwidth(self, bytes_per_second: u32) -> Server {
        *self.state.line.bytes_per_second.lock().unwrap() = Some(bytes_per_second);
        self
    }

    /// Adds or replaces an object of a server in memory.
    pub fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        match &self.state.content {
            Content::Memory(objects) => objects.lock().unwrap().insert(name.to_owned(), bytes.into()),
            Content::Folder(_) => panic!("write into the folder instead"),
        };
    }

    /// Its URL, followed by `path`, which is encoded already and may have a query.
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}/{path}", self.address)).unwrap()
    }

    /// Mistreats requests for `path` (decoded, without a slash at its beginning; `*` for all) from now on.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.fault_times(path, fault, usize::MAX);
    }

    /// Mistreats the next `times` requests for `path`.
    pub fn fault_times(&self, path: &str, fault: Fault, times: usize) {
        self.state.faults.lock().unwrap().insert(path.to_owned(), (fault, times));
    }

    /// Behaves again.
    pub fn heal(&self) {
        self.state.faults.lock().unwrap().clear();
    }

    /// The requests since the start or the last [`Server::forget`], in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The paths of the requests, in the order of their arrival.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// Forgets the requests so far, those included that were given up and are still on their way here.
    pub async fn forget(&self) {
        let mut seen = usize::MAX;
        while self.requests().len() != std::mem::replace(&mut seen, self.requests().len()) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.state.requests.lock().unwrap().clear();
    }

    /// Body bytes sent.
    pub fn bytes(&self) -> usize {
        self.requests().iter().map(|request| request.bytes).sum()
    }

    /// The longest chain of requests each of which arrived after the one before had been answered: what latency is
    /// multiplied with. Give the server some latency, or requests that could overlap will not.
    pub fn round_trips(&self) -> usize {
        trips(&self.requests())
    }

    fn serve(content: Content) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            content,
            latency: Mutex::default(),
            line: Line::default(),
            requests: Mutex::default(),
            arrived: AtomicUsize::new(0),
            faults: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let shared = state.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    _ = accept(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Server { address, state, stop: Some(stop) }
    }
}

/// [`Server::round_trips`] of some of its requests.
pub fn trips(requests: &[Request]) -> usize {
    let mut answered: Vec<_> = requests.iter().filter_map(|request| Some((request.started, request.ended?))).collect();
    answered.sort_by_key(|(_, ended)| *ended);
    let (mut trips, mut last_end) = (0, None);
    for (started, ended) in answered {
        if last_end.is_none_or(|last_end| started >= last_end) {
            (trips, last_end) = (trips + 1, Some(ended));
        }
    }
    trips
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn accept(listener: std::net::TcpListener, state: Arc<State>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(converse(stream, state.clone()));
    }
}

/// Answers one request after the other on a connection.
async fn converse(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await {
        let number = state.log(&request);
        let fault = state.fault_of(&request.path);
        let latency = *state.latency.lock().unwrap();
        tokio::time::sleep(latency).await;
        let answer = match fault {
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Drop) => return,
            fault => answer(&request, state.object(&request.path), fault),
        };
        // Noted before it is sent: once the client has read the answer, the log has it.
        state.answered(number, &answer);
        if state.line.send(&mut stream, &answer.to_bytes()).await.is_err() || answer.closes {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query.to_owned())));
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let headers: HashMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let range = headers.get("range").cloned();
    Some(Request {
        number: 0,
        method,
        path,
        query,
        range,
        headers,
        status: 0,
        bytes: 0,
        started: Instant::now(),
        ended: None,
    })
}

struct Answer {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    /// The length announced, where it is not the body's.
    announced: Option<usize>,
    closes: bool,
}

impl Answer {
    fn new(status: u16, headers: Vec<String>, body: Vec<u8>) -> Answer {
        Answer { status, headers, body, announced: None, closes: false }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let announced = self.announced.unwrap_or(self.body.len());
        let mut head = format!("HTTP/1.1 {} Answer\r\ncontent-length: {announced}\r\n", self.status);
        head.push_str("access-control-allow-origin: *\r\naccess-control-expose-headers: content-range\r\n");
        for header in &self.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

fn answer(request: &Request, object: Option<(Vec<u8>, Option<String>)>, fault: Option<Fault>) -> Answer {
    match &fault {
        Some(Fault::Status(status)) => return Answer::new(*status, vec![], vec![]),
        Some(Fault::StatusBody(status, body)) => return Answer::new(*status, vec![], body.as_bytes().to_vec()),
        Some(Fault::RetryAfter(status, value)) => {
            return Answer::new(*status, vec![format!("retry-after: {value}")], vec![]);
        }
        Some(Fault::Redirect(url)) => return Answer::new(302, vec![format!("location: {url}")], vec![]),
        Some(Fault::Expired) => {
            let body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
            return Answer::new(403, vec![], body.into());
        }
        _ => {}
    }
    if request.method != "GET" {
        return Answer::new(405, vec![], vec![]);
    }
    let Some((object, last_modified)) = object else {
        return match fault {
            Some(Fault::Missing(status, body)) => Answer::new(status, vec![], body.into()),
            _ => Answer::new(404, vec![], b"not here".to_vec()),
        };
    };
    let last_modified = last_modified.map(|date| format!("last-modified: {date}"));
    let mut answer = match (&request.range, &fault) {
        (Some(_), Some(Fault::IgnoreRange)) | (None, _) => Answer::new(200, vec![], object),
        (Some(_), fault) => answer_range(request.range_bytes(), &object, fault.as_ref()),
    };
    answer.headers.extend(last_modified);
    match fault {
        Some(Fault::ShortBody(less)) => {
            answer.announced = Some(answer.body.len());
            answer.body.truncate(answer.body.len().saturating_sub(less));
            answer.closes = true;
        }
        Some(Fault::StoredGzip) => answer.headers.push("content-encoding: gzip".into()),
        Some(Fault::Gzip) => {
            answer.headers.push("content-encoding: gzip".into());
            answer.body = b"\x1f\x8b not what it was".to_vec();
        }
        _ => {}
    }
    answer
}

fn answer_range(range: Option<Range<u64>>, object: &[u8], fault: Option<&Fault>) -> Answer {
    let size = object.len() as u64;
    let Some(range) = range else { return Answer::new(400, vec![], b"no explicit range".to_vec()) };
    if range.start >= size {
        let headers = match fault {
            Some(Fault::HideContentRange) => vec![],
            _ => vec![format!("content-range: bytes */{size}")],
        };
        return Answer::new(416, headers, vec![]);
    }
    let shift = if matches!(fault, Some(Fault::ShiftRange)) { 1 } else { 0 };
    let (start, end) = ((range.start + shift).min(size - 1), (range.end + shift).min(size));
    let mut body = object[start as usize..end as usize].to_vec();
    let mut headers = vec![format!("content-range: bytes {start}-{}/{size}", end - 1)];
    match fault {
        Some(Fault::HideContentRange) => headers.clear(),
        Some(Fault::ShortRange(less)) => body.truncate(body.len().saturating_sub(*less)),
        _ => {}
    }
    Answer::new(206, headers, body)
}

impl State {
    fn log(&self, request: &Request) -> usize {
        let number = self.arrived.fetch_add(1, Ordering::Relaxed);
        self.requests.lock().unwrap().push(Request { number, ..request.clone() });
        number
    }

    fn answered(&self, number: usize, answer: &Answer) {
        let mut requests = self.requests.lock().unwrap();
        if let Some(request) = requests.iter_mut().find(|request| request.number == number) {
            request.status = answer.status;
            request.bytes = answer.body.len();
            request.ended = Some(Instant::now());
        }
    }

    fn fault_of(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let key = if faults.contains_key(path) { path } else { "*" };
        let (fault, times) = faults.get_mut(key)?;
        if *times == 0 {
            return None;
        }
        *times = times.saturating_sub(if *times == usize::MAX { 0 } else { 1 });
        Some(fault.clone())
    }

    /// An object and, of a file, its `Last-Modified`.
    fn object(&self, path: &str) -> Option<(Vec<u8>, Option<String>)> {
        match &self.content {
            Content::Memory(objects) => Some((objects.lock().unwrap().get(path)?.clone(), None)),
            Content::Folder(folder) => {
                let path = folder.join(path);
                let modified = std::fs::metadata(&path).ok()?.modified().ok()?;
                let date: chrono::DateTime<chrono::Utc> =
                    chrono::DateTime::UNIX_EPOCH + modified.duration_since(std::time::UNIX_EPOCH).ok()?;
                Some((std::fs::read(path).ok()?, Some(date.format("%a, %d %b %Y %H:%M:%S GMT").to_string())))
            }
        }
    }
}
