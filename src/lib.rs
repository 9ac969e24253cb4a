//! Lakeglass: a lakehouse reader for the browser tab.
//!
//! It opens a Delta table at any version over plain HTTP GETs, and runs SQL over it where the reader is: in a tab, with
//! nothing but a static file server behind it. The same crate builds natively, for tests and for a command line.
//!
//! # How a value travels
//!
//! ```text
//! (url, version)                parsed once: TableUrl, Version                 formats/table_url.rs, snapshot/version.rs
//!   -> Storage                  where the bytes are, how to reach them         storage/
//!   -> TableFormat              what is there: decided once, by what is there  formats/open.rs
//!   -> Snapshot                 schema and live files: plain data              snapshot/, made by formats/{delta, manifest, …}
//!   -> Scan                     which files, columns, row groups, bytes        scan/, on parquet_file/
//!   -> stream of RecordBatch    DataFusion runs the plan                       sql/
//!   -> Arrow IPC bytes          to JavaScript, batch by batch                  api/
//! ```
//!
//! Each step is a function from one line to the next. A module imports only from those to its right, siblings in braces not from
//! each other, and no two files from each other in a circle; `scripts/check` enforces it:
//!
//! ```text
//! api -> sql -> table -> {formats, scan} -> parquet_file -> storage -> {runtime, snapshot} -> error
//! ```
//!
//! # Where a change goes
//!
//! | To … | go to |
//! |---|---|
//! | reach bytes in another way, sign for a cloud, retry, cache, count | [`storage`] |
//! | understand more of a Delta log; refuse a feature | [`formats::delta`] |
//! | add a table format | a folder in [`formats`]: a [`formats::FormatOpener`], and a [`formats::TableFormat`] that makes [`Snapshot`]s |
//! | check more of a Parquet file's footer or pages | [`parquet_file`] |
//! | read fewer bytes of a Parquet file; read a type right | [`scan`] |
//! | add a spelling of another engine | `sql/parse/compat` |
//! | add a function, a rule for plans, a statement | `sql/functions`, `sql/plan`, `sql/commands` |
//! | share the event loop differently | [`runtime`] |
//! | offer something to JavaScript | `api`, then `www/lakeglass` |
//! | add a kind of error | [`error`], and the TypeScript union in `www/lakeglass/index.d.ts` |
//!
//! # What is a format's own?
//!
//! A scan, SQL and the page know a [`Snapshot`] and nothing of where it came from. What a format knows beside it comes through
//! [`formats::TableFormat`]: other versions, history, changes, what a writer noted to be verified. What was left behind when a snapshot was
//! made, statistics above all, comes through [`snapshot::StatisticsSource`], which a scan is handed. [`formats::register`] adds a format
//! from outside.
//!
//! # Why is the log replayed here, and not by `delta_kernel`?
//!
//! Its engine traits are synchronous, and a browser cannot block on a fetch. Replay is async here, asks for the objects of
//! a version in few round trips without a listing, and reads checkpoints by column.
//!
//! # Why are statistics left in the checkpoint?
//!
//! They are three quarters of a large checkpoint's bytes, and a query needs those of the files that its partition filters leave,
//! of a column or two; many queries need none. So opening a table reads what tells of files, and notes of each file where its
//! statistics are: [`snapshot::FileStatistics::Stored`], a row in a file of the log. The [`Snapshot`] stays plain data. Who
//! wants bounds asks [`crate::formats::delta::statistics::load`] for the files it is left with: one read, in one pass, of the row groups they are
//! in, decoded batch by batch; nothing of the text is kept. Where that would cost more bytes than the files' own footers, it
//! says "not known", and the footers tell. A small checkpoint comes whole with its footer, statistics and all, and what is
//! left of one is never a round trip of opening.
//!
//! Bytes kept encoded in memory were the alternative: as cheap to decode, but all of them have to be fetched first.
//!
//! # Why GET only?
//!
//! A presigned URL signs one key and one method: HEAD is answered 403, and there is nothing to list. Sizes come from the
//! log, or from the first ranged GET. Suffix ranges (`bytes=-8`) are not asked for either: some hosts reject them, others
//! answer them wrongly.
//!
//! # Why do credentials keep to one origin?
//!
//! A log is data, and may name any URL: whoever writes a table could have a reader's token sent to himself. So what a host is
//! shown goes to the table's own origin (of a bucket, to that bucket) and nowhere else: [`storage`] decides it in one place,
//! where a name becomes a URL, and drops all of it where a redirect leads to another origin. Other origins have to be allowed
//! by name. A share manifest and a sharing server give a URL for each file, which carries its own permission and is sent nothing
//! else.
//!
//! # Why not DataFusion's Parquet source?
//!
//! Its scan decides what to fetch inside the decoder, file by file, behind `AsyncFileReader`. Here one path of our own, on
//! the Parquet crate's sans-I/O decoder, serves the preview and SQL alike: the ranges of a row group are known before the
//! first is asked for, so they are merged and fetched together, ahead of the decoder and under one budget; deletion
//! vectors, column mapping and type widening are applied in one place, with SQL or without; and the module does not carry
//! DataFusion's readers and writers of files. DataFusion still does the pruning: it hands its predicates over as [`scan::Pruner`]s.
//!
//! # Why is the module two files?
//!
//! What opens a table and shows its first rows is a quarter of the code, and a visitor should not wait for a query engine. Two
//! builds of the crate would be half as much again to download, and a snapshot and a cache to hand over. So one build is cut in
//! two along `api/sql.rs`, by what its relocations say can be reached: `scripts/build` runs wasm-split-cli, and the package
//! links the second file with the first when it arrives. They share one memory. `wasm-pack build` cannot make that.
//!
//! # Why does the module leave things out?
//!
//! Its size is what a visitor waits for. Cargo optimises a cdylib across crates only where it is built alone, so that
//! `scripts/build` asks for that crate type and `Cargo.toml` names none. The Parquet crate links the encoders of its codecs
//! beside the decoders: brotli's is left out by a stand-in for that crate (`.cargo/brotli`), zstd's by stubs of its C
//! functions (`parquet_file/zstd_encoder.rs`). What DataFusion says of its functions is left out in the same way
//! (`.cargo/datafusion-doc`), and so are tables that can be had otherwise: how hosts with other letters than ASCII's are spelled, which
//! the browser is asked (`.cargo/idna`), checksums, which are computed (`.cargo/crc32fast`), and how wide letters are in a terminal,
//! which the command line alone draws tables for (`.cargo/comfy-table`). sqlparser's walk over a syntax tree is made anew for every
//! type of visitor: `sql/parse/visitor.rs` has one.
//!
//! What is built is then rewritten (`scripts/shrink.mjs`): of functions that do the same one stays, and similar ones stand together,
//! where a compressor sees it.
//!
//! A function that does something else for each type must not become one with all it calls: browsers compile functions whole. Where LLVM
//! stops is set in `scripts/build`.
//!
//! What writes Parquet for exports is in the second file: the crate's own writer, some 0.09 MB with brotli. One of ours would be smaller,
//! and would have all of the format's corners to be right about.
//!
//! # Why do queries run in slices?
//!
//! A browser's thread does one thing at a time: while a query works, no cancel arrives and nothing is drawn. So its tasks run for some
//! milliseconds, and then the event loop has its turn ([`runtime::time_slice`]). DataFusion's operators take batches from each other for as
//! long as there are any; each is put behind a node that says "not now" when the slice is over (`sql/exec/cooperative.rs`), and the sort, which
//! does all its work between two batches, is one of our own (`sql/exec/run_sort.rs`). What is left is the work that an operator does at once
//! when its input has ended: a hash join's table, the groups of an aggregate, a window's partition.
//!
//! # Why is grouping our own?
//!
//! A module optimised for size inlines little across crates, and at each row of DataFusion's hash table one load from memory waited for
//! another: 150 ns a row, where a loop of a few instructions takes 12. To optimise DataFusion for speed would double the module. So
//! `sql/group_by` numbers the values of whole numbers, dates and texts in loops of its own, and hands the groups to DataFusion's
//! aggregates; where anything else is asked for, DataFusion's operator stays.
//!
//! # Why is there a rehearsal?
//!
//! Browsers compile a function of a module when it is called first, and better when it has worked for a while. A first query calls two
//! thousand functions: that was a third to a half of its time. Threads share what is compiled. So when SQL is there and nothing is
//! asked, the package runs statements over a small table in a second worker, for half a second (`www/lakeglass/rehearsal.js`).
//! It begins only in a pause: on two cores it would otherwise take from the query that it is for.
//!
//! # Why one error enum?
//!
//! Because its codes are an interface: a page tells people what to do next by them, and a program decides by them.
//! See [`Error`].

#![cfg_attr(test, allow(clippy::cast_possible_truncation, reason = "tests count in small numbers"))]

#[cfg(target_arch = "wasm32")]
pub mod api;
pub mod error;
pub mod formats;
pub mod parquet_file;
pub mod runtime;
pub mod scan;
pub mod snapshot;
#[cfg(feature = "sql")]
pub mod sql;
pub mod storage;
pub mod table;

pub use error::{Error, ErrorCode, Result};
pub use snapshot::{Snapshot, Version};
pub use table::{Table, TableUrl};

/// The README's examples, compiled with the tests.
#[cfg(all(doctest, feature = "sql"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
