//! A table that happens at random, and what each of its versions holds.

use super::checkpoint::{self, Form};
use super::data_file::{
    DataFile, Identity, ROW_COMMIT_VERSION_COLUMN, ROW_ID_COLUMN, RowTracking, TIME, add, live_identities, live_rows,
};
use super::deletion_vector::Vectors;
use super::kind::{Column, Kind, Mapping, fields, schema_json};
use super::numbers::Numbers;
use super::value::{Value, batch};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{WriterProperties, WriterVersion};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stays as it is in a path of the log.
const IN_PATHS: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'=');

/// What a version holds.
pub struct Version {
    pub what: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Value>,
    /// For each row its id and the version that wrote it, in a table that keeps track of them.
    pub identities: Vec<Identity>,
}

impl Version {
    /// Its rows as a batch, in the table's types.
    pub fn batch(&self) -> RecordBatch {
        batch(&self.rows, &self.columns, false)
    }
}

/// A table while it is written.
pub struct History {
    root: PathBuf,
    numbers: Numbers,
    pub mapping: Mapping,
    deletion_vectors: bool,
    pub row_tracking: bool,
    columns: Vec<Column>,
    /// Ids of the partition columns.
    partition: Vec<i32>,
    last_id: i32,
    next_row: u64,
    files: Vec<DataFile>,
    tombstones: Vec<Json>,
    states: Vec<(Vec<Column>, Vec<DataFile>)>,
    vectors: Vectors,
    /// Whether some paths may be absolute: such a table cannot be moved.
    absolute: bool,
    pub versions: Vec<Version>,
}

impl History {
    /// Writes a table of some versions into the folder; with absolute paths if so wanted, which tie it to its place.
    pub fn write(root: &Path, seed: u64, absolute: bool) -> History {
        fs::create_dir_all(root.join("_delta_log")).unwrap();
        let mut numbers = Numbers::new(seed);
        let mut history = History {
            root: root.to_owned(),
            mapping: *numbers.one_of(&[Mapping::None, Mapping::Name, Mapping::Id]),
            deletion_vectors: !numbers.once_in(4),
            row_tracking: numbers.once_in(3),
            columns: Vec::new(),
            partition: Vec::new(),
            last_id: 0,
            next_row: 0,
            files: Vec::new(),
            tombstones: Vec::new(),
            states: Vec::new(),
            vectors: Vectors::new(root, absolute),
            absolute,
            versions: Vec::new(),
            numbers,
        };
        for _ in 0..2 + history.numbers.below(5) {
            let column = history.new_column(2);
            history.columns.push(column);
        }
        for _ in 0..*history.numbers.one_of(&[0, 0, 1, 2]) {
            let column = history.new_column(0);
            history.partition.push(column.id);
            let at = history.numbers.below(history.columns.len() + 1);
            history.columns.insert(at, column);
        }
        let mut actions = vec![history.protocol(), history.metadata()];
        actions.extend(history.append());
        history.commit("create", actions);
        for _ in 0..4 + history.numbers.below(12) {
            history.step();
        }
        history
    }

    fn step(&mut self) {
        let (what, actions) = match self.numbers.below(20) {
            0..4 => ("append", self.append()),
            4..9 => ("delete", self.delete()),
            9 => ("overwrite", self.overwrite()),
            10 | 11 => ("rewrite", self.rewrite()),
            12 | 13 => ("widen", self.widen()),
            14 => ("add column", self.add_column()),
            15 if self.mapping != Mapping::None => ("rename or drop column", self.rename_or_drop()),
            16 => ("restore", self.restore()),
            17 => ("nothing", vec![json!({"txn": {"appId": "a", "version": self.versions.len()}})]),
            _ => return self.checkpoint(),
        };
        self.commit(what, actions);
    }

    fn protocol(&self) -> Json {
        let mut features = vec!["timestampNtz", "typeWidening", "v2Checkpoint", "deletionVectors"];
        if self.mapping != Mapping::None {
            features.push("columnMapping");
        }
        let mut writer = features.clone();
        if self.row_tracking {
            writer.extend(["rowTracking", "domainMetadata"]);
        }
        json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": writer}})
    }

    fn metadata(&self) -> Json {
        let mut configuration = Map::new();
        let mut set = |key: &str, value: &str| drop(configuration.insert(key.into(), json!(value)));
        set("delta.enableTypeWidening", "true");
        set("delta.enableDeletionVectors", if self.deletion_vectors { "true" } else { "false" });
        match self.mapping {
            Mapping::None => {}
            Mapping::Name => set("delta.columnMapping.mode", "name"),
            Mapping::Id => set("delta.columnMapping.mode", "id"),
        }
        if self.mapping != Mapping::None {
            set("delta.columnMapping.maxColumnId", &self.last_id.to_string());
        }
        if self.row_tracking {
            set("delta.enableRowTracking", "true");
            set("delta.rowTracking.materializedRowIdColumnName", ROW_ID_COLUMN);
            set("delta.rowTracking.materializedRowCommitVersionColumnName", ROW_COMMIT_VERSION_COLUMN);
        }
        let partition: Vec<_> = self.partition.iter().map(|id| self.column(*id).name.clone()).collect();
        json!({"metaData": {
            "id": "00000000-0000-4000-8000-000000000001", "format": {"provider": "parquet", "options": {}},
            "schemaString": schema_json(&self.columns, self.mapping).to_string(), "partitionColumns": partition,
            "configuration": configuration, "createdTime": TIME,
        }})
    }

    fn column(&self, id: i32) -> &Column {
        self.columns.iter().find(|column| column.id == id).unwrap()
    }

    fn new_column(&mut self, depth: usize) -> Column {
        self.last_id += 1;
        let id = self.last_id;
        let name = match self.mapping {
            Mapping::None => format!("c{id}"),
            _ => format!("{}{id}", self.numbers.one_of(&["c", "a b", "x;y", "p(q)=", "ü,"])),
        };
        let physical =
            if self.mapping == Mapping::None { name.clone() } else { format!("col-{}", self.numbers.uuid()) };
        let kind = self.new_kind(depth);
        Column { id, name, physical, kind, changes: Vec::new() }
    }

    fn new_kind(&mut self, depth: usize) -> Kind {
        if depth > 0 && self.numbers.once_in(3) {
            return match self.numbers.below(3) {
                0 => Kind::Struct((0..1 + self.numbers.below(3)).map(|_| self.new_column(depth - 1)).collect()),
                1 => Kind::List(Box::new(self.new_kind(depth - 1))),
                _ => {
                    let keys = ["string", "integer", "byte", "date", "long"];
                    Kind::Map(
                        Box::new(Kind::Primitive(keys[self.numbers.below(keys.len())])),
                        Box::new(self.new_kind(depth - 1)),
                    )
                }
            };
        }
        let names = [
            "byte",
            "short",
            "integer",
            "long",
            "float",
            "double",
            "boolean",
            "string",
            "binary",
            "date",
            "timestamp",
            "timestamp_ntz",
            "decimal",
        ];
        match *self.numbers.one_of(&names) {
            "decimal" => {
                let precision = 1 + self.numbers.below(38) as u8;
                Kind::Decimal(precision, self.numbers.below(usize::from(precision) + 1) as i8)
            }
            // No text stands for every binary value in a partition.
            "binary" if depth == 0 => Kind::Primitive("string"),
            name => Kind::Primitive(name),
        }
    }

    // What may happen in a version: its actions.

    fn append(&mut self) -> Vec<Json> {
        (0..1 + self.numbers.below(2)).map(|_| self.append_file()).collect()
    }

    fn append_file(&mut self) -> Json {
        let columns = self.columns.clone();
        let partition: Vec<_> = self
            .partition
            .clone()
            .iter()
            .map(|id| (*id, Value::random(&self.column(*id).kind.clone(), &mut self.numbers)))
            .collect();
        let count = if self.numbers.once_in(25) { 700 } else { self.numbers.below(30) };
        let rows = (0..count).map(|_| {
            let value = |column: &Column| match partition.iter().find(|(id, _)| *id == column.id) {
                Some((_, value)) => (column.id, value.clone()),
                None => (column.id, Value::random(&column.kind, &mut self.numbers)),
            };
            Value::Struct(columns.iter().map(value).collect())
        });
        let rows: Vec<_> = rows.collect();
        self.write_file(rows, partition, &[])
    }

    /// Writes a data file of these rows, which have the table's columns now, and makes it live. `copied` says who the rows were in
    /// another file.
    fn write_file(&mut self, rows: Vec<Value>, partition: Vec<(i32, Value)>, copied: &[Option<Identity>]) -> Json {
        let folder = self.numbers.one_of(&["", "", "a b/", "50%/", "ü/x=1/"]).to_string();
        let name = format!("{folder}part-{}.parquet", self.numbers.uuid());
        let path = self.root.join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut written: Vec<_> =
            self.columns.iter().filter(|column| !self.partition.contains(&column.id)).cloned().collect();
        if self.mapping == Mapping::Id && self.numbers.once_in(3) {
            // Ids alone tell columns: names in files that were converted from another format are others.
            written.iter_mut().for_each(|column| column.physical = format!("elsewhere_{}", column.id));
        }
        let mut content = batch(&rows, &written, true);
        let row_tracking = self
            .row_tracking
            .then(|| RowTracking::new(self.next_row as i64, self.versions.len() as i64, rows.len(), copied));
        // Columns that are null everywhere may be left out.
        let idle = self.row_tracking && self.numbers.once_in(2);
        if let Some(tracking) = row_tracking.as_ref().filter(|tracking| tracking.is_carried() || idle) {
            content = tracking.materialised(&content);
        }
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(*self.numbers.one_of(&[5, 100, 100_000])))
            .set_writer_version(*self.numbers.one_of(&[WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0]))
            .set_data_page_row_count_limit(*self.numbers.one_of(&[3, 20_000]))
            .set_write_batch_size(*self.numbers.one_of(&[2, 1024]))
            .build();
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), content.schema(), Some(properties)).unwrap();
        writer.write(&content).unwrap();
        writer.close().unwrap();
        let uri = match self.numbers.once_in(8) && self.absolute {
            true => url::Url::from_file_path(&path).unwrap().to_string(),
            false => utf8_percent_encode(&name, &IN_PATHS).to_string(),
        };
        let partition_values: Map<_, _> = partition
            .iter()
            .map(|(id, value)| (self.column(*id).physical.clone(), json!(value.text(&self.column(*id).kind))))
            .collect();
        self.next_row += rows.len() as u64;
        let file = DataFile {
            uri,
            size: path.metadata().unwrap().len(),
            written: self.columns.clone(),
            rows: Arc::new(rows),
            partition_values: Json::Object(partition_values),
            deleted: BTreeSet::new(),
            vector: None,
            row_tracking,
        };
        let action = add(&file);
        self.files.push(file);
        action
    }

    fn remove(&mut self, file: &DataFile) -> Json {
        let mut action = json!({"remove": {
            "path": file.uri, "deletionTimestamp": TIME, "dataChange": true, "extendedFileMetadata": true,
            "partitionValues": file.partition_values, "size": file.size,
        }});
        if let Some(vector) = &file.vector {
            action["remove"]["deletionVector"] = vector.clone();
        }
        action
    }

    fn remove_at(&mut self, at: usize) -> Json {
        let file = self.files.remove(at);
        self.remove(&file)
    }

    /// Deletes some rows of some files, with deletion vectors or by writing the rest anew; or updates them.
    fn delete(&mut self) -> Vec<Json> {
        let mut actions = Vec::new();
        // What is added moves to the end: a file is touched once in a commit, as the specification wants it.
        let mut left = self.files.len();
        for _ in 0..1 + self.numbers.below(3) {
            if left == 0 {
                break;
            }
            let at = self.numbers.below(left);
            let old = self.files[at].clone();
            let share = 1 + self.numbers.below(6);
            let more = (0..old.rows.len()).filter(|_| self.numbers.once_in(share));
            let deleted: BTreeSet<_> =
                more.collect::<Vec<_>>().into_iter().chain(old.deleted.iter().copied()).collect();
            if deleted == old.deleted {
                continue;
            }
            left -= 1;
            actions.push(self.remove_at(at));
            if deleted.len() == old.rows.len() && self.numbers.once_in(2) {
                continue;
            }
            if self.deletion_vectors {
                let vector = Some(self.vectors.write(&deleted, &mut self.numbers));
                let new = DataFile { deleted, vector, ..old };
                actions.push(add(&new));
                self.files.push(new);
            } else {
                actions.push(self.write_anew(DataFile { deleted, ..old }));
            }
        }
        if self.numbers.once_in(3) {
            actions.extend(self.append());
        }
        actions.reverse(); // the order within a commit means nothing
        actions
    }

    /// A file's rows, in another file of the table's columns as they are now.
    fn write_anew(&mut self, old: DataFile) -> Json {
        let rows = live_rows(&old, &self.columns);
        let partition = self.partition.iter().map(|id| {
            let column = self.column(*id);
            // Its rows have the value; where there is none, any will do.
            let value = old.rows.first().map_or(Value::Null, |row| row.field(&old.written, column));
            (*id, value)
        });
        let partition = partition.collect();
        // A row that is updated keeps its id alone, and this version wrote it.
        let version = self.versions.len() as i64;
        let identities = live_identities(&old).into_iter().enumerate();
        let copied = identities.map(|(row, (id, written))| Some((id, if row % 4 == 1 { version } else { written })));
        let copied: Vec<_> = copied.collect();
        self.write_file(rows, partition, &copied)
    }

    fn overwrite(&mut self) -> Vec<Json> {
        let mut actions: Vec<_> = (0..self.files.len()).map(|_| self.remove_at(0)).collect();
        actions.extend(self.append());
        actions
    }

    fn rewrite(&mut self) -> Vec<Json> {
        let mut actions = Vec::new();
        for _ in 0..self.files.len().min(2) {
            let old = self.files[0].clone();
            actions.push(self.remove_at(0));
            actions.push(self.write_anew(old));
        }
        actions
    }

    fn widen(&mut self) -> Vec<Json> {
        for _ in 0..1 + self.numbers.below(4) {
            let at = self.numbers.below(self.columns.len());
            self.columns[at].widen(&mut self.numbers);
        }
        vec![self.metadata()]
    }

    fn add_column(&mut self) -> Vec<Json> {
        let column = self.new_column(2);
        self.columns.push(column);
        let mut actions = vec![self.metadata()];
        if self.numbers.once_in(2) {
            actions.extend(self.append());
        }
        actions
    }

    fn rename_or_drop(&mut self) -> Vec<Json> {
        let at = self.numbers.below(self.columns.len());
        if self.numbers.once_in(2) {
            self.columns[at].name = format!("renamed {}", self.versions.len());
        } else if self.columns.len() > self.partition.len() + 1 && !self.partition.contains(&self.columns[at].id) {
            self.columns.remove(at);
        }
        vec![self.metadata()]
    }

    /// Goes back to the files of an earlier version, if the columns have not changed since.
    fn restore(&mut self) -> Vec<Json> {
        let at = self.numbers.below(self.states.len());
        let (columns, files) = self.states[at].clone();
        if columns != self.columns {
            return Vec::new();
        }
        let same = |a: &DataFile, b: &DataFile| a.uri == b.uri && a.vector == b.vector;
        let gone: Vec<_> =
            self.files.iter().filter(|file| !files.iter().any(|other| same(file, other))).cloned().collect();
        let back: Vec<_> =
            files.iter().filter(|file| !self.files.iter().any(|other| same(file, other))).cloned().collect();
        let mut actions: Vec<_> = back.iter().map(add).collect();
        actions.extend(gone.iter().map(|file| self.remove(file)));
        self.files = files;
        actions
    }

    fn checkpoint(&mut self) {
        let version = self.versions.len() as u64 - 1;
        let mut actions: Vec<_> = self.files.iter().map(add).collect();
        if version == 6 {
            // As delta-rs has written them: an empty descriptor says that there is none.
            let none = json!({"storageType": "", "pathOrInlineDv": "", "sizeInBytes": 0, "cardinality": 0});
            let without = actions.iter_mut().filter(|action| action["add"].get("deletionVector").is_none());
            without.for_each(|action| action["add"]["deletionVector"] = none.clone());
        }
        actions.extend(self.tombstones.clone());
        let mut others = vec![self.protocol(), self.metadata(), json!({"txn": {"appId": "a", "version": 1}})];
        if self.row_tracking {
            let mark = json!({"rowIdHighWaterMark": self.next_row}).to_string();
            others.push(
                json!({"domainMetadata": {"domain": "delta.rowTracking", "configuration": mark, "removed": false}}),
            );
        }
        let form = Form::random(&mut self.numbers);
        checkpoint::write(&self.root.join("_delta_log"), version, &actions, &others, form, &mut self.numbers);
    }

    fn commit(&mut self, what: &'static str, mut actions: Vec<Json>) {
        let version = self.versions.len();
        if self.numbers.once_in(4) {
            actions.push(json!({"commitInfo": {"timestamp": TIME + version as u64, "operation": what}}));
        } else {
            actions.insert(0, json!({"commitInfo": {"timestamp": TIME + version as u64, "operation": what}}));
        }
        fs::write(self.root.join(format!("_delta_log/{version:020}.json")), checkpoint::lines(&actions)).unwrap();
        // Of the logical files that were ever removed, those that are not live again.
        let key = |action: &Json| (action["path"].clone(), action.get("deletionVector").cloned());
        self.tombstones.extend(actions.iter().filter(|action| action.get("remove").is_some()).cloned());
        let live: Vec<_> = self.files.iter().map(|file| key(&add(file)["add"])).collect();
        self.tombstones.retain(|action| !live.contains(&key(&action["remove"])));
        let mut seen = Vec::new();
        self.tombstones.retain(|action| {
            let key = key(&action["remove"]);
            let new = !seen.contains(&key);
            seen.push(key);
            new
        });
        self.states.push((self.columns.clone(), self.files.clone()));
        let rows = self.files.iter().flat_map(|file| live_rows(file, &self.columns)).collect();
        let identities = self.files.iter().flat_map(live_identities).collect();
        self.versions.push(Version { what, columns: self.columns.clone(), rows, identities });
    }
}

/// The schema of the table's columns.
pub fn table_schema(columns: &[Column]) -> Schema {
    Schema::new(fields(columns, false))
}
