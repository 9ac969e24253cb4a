//! Tables made by hand for the scan's tests: Parquet files in memory, a snapshot around them, and a count of what is read.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use lakeglass::error::Result;
use lakeglass::formats::delta::DeltaTable;
use lakeglass::scan::{FooterCache, Pruner, Scan};
use lakeglass::snapshot::{
    ContainerStatistics, DataFile, Deletes, FieldMatch, FileLocation, FileStatistics, FormatInfo, Snapshot,
    TableMetadata, TableSchema,
};
use lakeglass::storage::Storage;
use lakeglass::table::Table;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A range of the object at a path.
type Read = (String, Range<u64>);

/// A store in memory that remembers which ranges of which objects were asked for.
#[derive(Debug, Clone, Default)]
pub struct CountingStore {
    inner: Arc<InMemory>,
    reads: Arc<Mutex<Vec<Read>>>,
    latency: Option<Duration>,
    /// Reads under way now, and the most there ever were.
    under_way: Arc<Mutex<(usize, usize)>>,
}

impl CountingStore {
    pub async fn put_bytes(&self, path: &str, bytes: impl Into<Bytes>) {
        self.inner.put(&Path::from(path), bytes.into().into()).await.unwrap();
    }

    /// Lets every read take this long.
    pub fn slow_down(&mut self, latency: Duration) {
        self.latency = Some(latency);
    }

    /// The most reads that were under way at one time.
    pub fn most_under_way(&self) -> usize {
        self.under_way.lock().unwrap().1
    }

    fn count_under_way(&self, change: impl Fn(usize) -> usize) {
        let mut under_way = self.under_way.lock().unwrap();
        under_way.0 = change(under_way.0);
        under_way.1 = under_way.1.max(under_way.0);
    }

    /// What was read since the last time this was asked.
    pub fn take_reads(&self) -> Vec<Read> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }
}

impl std::fmt::Display for CountingStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("counting")
    }
}

#[async_trait::async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let range = match &options.range {
            Some(GetRange::Bounded(range)) => range.clone(),
            // There is none: whoever misses a file asks whether there are newer versions.
            None if at.as_ref().starts_with("_delta_log/") => return self.inner.get_opts(at, options).await,
            other => panic!("only bounded ranges are read, not {other:?} of {at}"),
        };
        self.reads.lock().unwrap().push((at.to_string(), range));
        self.count_under_way(|now| now + 1);
        if let Some(latency) = self.latency {
            tokio::time::sleep(latency).await;
        }
        let answer = self.inner.get_opts(at, options).await;
        self.count_under_way(|now| now - 1);
        answer
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A table being made.
pub struct Fixture {
    pub store: CountingStore,
    pub footers: FooterCache,
    pub snapshot: Snapshot,
    partition_values: Vec<Vec<Option<&'static str>>>,
}

impl Fixture {
    /// A table whose files spell its columns as it does.
    pub fn new(logical: Schema) -> Fixture {
        let logical = Arc::new(logical);
        Fixture::mapped(logical.clone(), logical, FieldMatch::Name)
    }

    pub fn mapped(logical: SchemaRef, physical: SchemaRef, field_match: FieldMatch) -> Fixture {
        Fixture {
            store: CountingStore::default(),
            footers: FooterCache::default(),
            snapshot: Snapshot {
                version: 0,
                timestamp: None,
                schema: TableSchema { logical, physical, field_match, defaults: Vec::new() },
                partition_columns: Vec::new(),
                files: Vec::new(),
                partition_values: empty(),
                stored_statistics: Vec::new(),
                metadata: TableMetadata::default(),
                format: FormatInfo::default(),
                row_tracking: None,
                damage: None,
            },
            partition_values: Vec::new(),
        }
    }

    pub fn partitioned(mut self, columns: &[usize]) -> Fixture {
        self.snapshot.partition_columns = columns.to_vec();
        self
    }

    /// Adds a file of these bytes.
    pub async fn add_bytes(&mut self, bytes: impl Into<Bytes>, partition: &[Option<&'static str>]) -> &mut DataFile {
        let bytes = bytes.into();
        let path = format!("part-{}.parquet", self.snapshot.files.len());
        self.store.put_bytes(&path, bytes.clone()).await;
        self.partition_values.push(partition.to_vec());
        self.snapshot.files.push(DataFile::new(FileLocation::Relative(Path::from(path)), bytes.len() as u64));
        self.snapshot.files.last_mut().unwrap()
    }

    pub async fn add(&mut self, batch: &RecordBatch) -> &mut DataFile {
        self.add_bytes(parquet(batch, WriterProperties::default()), &[]).await
    }

    pub async fn add_with(&mut self, batch: &RecordBatch, properties: WriterProperties) -> &mut DataFile {
        self.add_bytes(parquet(batch, properties), &[]).await
    }

    pub fn set_deletes(&mut self, file: usize, deletes: Deletes) {
        self.snapshot.files[file].deletes = Some(Box::new(deletes));
    }

    pub fn table(&self) -> Table {
        let mut snapshot = self.snapshot.clone();
        for file in &mut snapshot.files {
            if let Some(FileStatistics::Text(text)) = &file.statistics {
                let statistics: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
                file.row_count = statistics["numRecords"].as_u64();
                file.has_tight_bounds = statistics["tightBounds"] != false;
            }
        }
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (i, column) in snapshot.partition_columns.iter().enumerate() {
            let field = snapshot.schema.logical.field(*column).clone().with_nullable(true);
            let texts: StringArray = self.partition_values.iter().map(|values| values[i]).collect();
            columns.push(arrow::compute::cast(&texts, field.data_type()).unwrap());
            fields.push(field);
        }
        if !fields.is_empty() {
            snapshot.partition_values = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        }
        let storage = Storage::from_store(Arc::new(self.store.clone()), Path::default(), "memory://table");
        Table::from_parts(storage, Arc::new(snapshot), Arc::new(DeltaTable))
    }

    pub fn scan(&self) -> Scan {
        self.table().scan(&self.footers)
    }

    /// All rows as text.
    pub async fn rows(&self) -> Vec<String> {
        texts(&collect(&self.scan()).await.unwrap())
    }

    /// The error that reading all rows ends with.
    pub async fn error(&self) -> lakeglass::Error {
        collect(&self.scan()).await.unwrap_err()
    }
}

fn empty() -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(0));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
}

/// A Parquet file of one batch.
pub fn parquet(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Small row groups of small pages, so that there are many of both.
pub fn small_pages(group_rows: usize, page_rows: usize) -> WriterProperties {
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows)
        .set_dictionary_enabled(false)
        .set_compression(parquet::basic::Compression::UNCOMPRESSED)
        .build()
}

pub async fn collect(scan: &Scan) -> Result<Vec<RecordBatch>> {
    scan.stream().try_collect().await
}

pub fn count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// Rows as text: values separated by ` | `, nulls as `∅`.
pub fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::new().with_null("∅");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let values: Vec<_> = columns.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(values.join(" | "));
        }
    }
    rows
}

pub fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

pub fn with_id(field: Field, id: i32) -> Field {
    field.with_metadata([("PARQUET:field_id".to_string(), id.to_string())].into())
}

/// Keeps containers whose bounds of an `Int64` column overlap a range.
#[derive(Debug)]
pub struct Between {
    columns: [usize; 1],
    range: Mutex<std::ops::RangeInclusive<i64>>,
    pub asked: Mutex<Vec<usize>>,
}

impl Between {
    pub fn new(column: usize, range: std::ops::RangeInclusive<i64>) -> Arc<Between> {
        Arc::new(Between { columns: [column], range: Mutex::new(range), asked: Mutex::default() })
    }

    pub fn narrow(&self, range: std::ops::RangeInclusive<i64>) {
        *self.range.lock().unwrap() = range;
    }
}

impl Pruner for Between {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>> {
        use arrow::array::{Array, AsArray};
        self.asked.lock().unwrap().push(statistics.containers);
        let bounds = &statistics.columns[&self.columns[0]];
        let (min, max) = (bounds.min.as_primitive::<arrow::datatypes::Int64Type>(), bounds.max.as_primitive());
        let max: &arrow::array::Int64Array = max;
        let range = self.range.lock().unwrap().clone();
        let keep = |i: usize| {
            let all_null = bounds.null_count.is_valid(i)
                && statistics.row_count.is_valid(i)
                && bounds.null_count.value(i) == statistics.row_count.value(i);
            !all_null
                && (min.is_null(i) || min.value(i) <= *range.end())
                && (max.is_null(i) || max.value(i) >= *range.start())
        };
        Ok((0..statistics.containers).map(keep).collect())
    }
}
