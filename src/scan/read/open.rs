//! Opening a file: its footer, what is deleted of it, and which of its row groups can hold a wanted row.

use super::content::{Content, bounds, constants, keys, scan_projection};
use super::file::{OpenFile, RowGroup, explain};
use crate::error::{Error, Result};
use crate::parquet_file::footer;
use crate::parquet_file::footer::Footer;
use crate::scan::Scan;
use crate::scan::convert::delete_files;
use crate::scan::convert::delete_files::Deleted;
use crate::scan::convert::deletes;
use crate::scan::convert::deletes::DeletedRows;
use crate::scan::convert::inlined_rows;
use crate::scan::prune::bounds::partition_values;
use crate::scan::prune::{bloom_filter, files};
use crate::storage::location_name;
use bytes::Bytes;
use futures::future::try_join3;
use std::sync::Arc;

/// Opens a file of the scan's snapshot. `None`: no row of it can match.
pub(in crate::scan) async fn open(scan: Arc<Scan>, index: usize) -> Result<Vec<RowGroup>> {
    let snapshot = scan.snapshot.clone();
    let Some(file) = snapshot.files.get(index) else {
        return Err(Error::internal(format!("the snapshot has no file {index}")));
    };
    if !files::keep_file(&scan, index).await? {
        scan.progress.file_pruned();
        return Ok(Vec::new());
    }
    let name = location_name(&file.location);
    let (storage, name_ref) = (&scan.storage, name.as_str());
    let mut known = partition_values(&snapshot.partition_values, &snapshot.partition_columns, index);
    let details = file.details.as_deref();
    known.extend(details.iter().flat_map(|details| details.constants.iter().cloned()));
    let rows = details.and_then(|details| details.rows.clone());
    let data_columns = scan.columns.iter().any(|column| !known.contains_key(column));
    let footer = async {
        match &rows {
            Some(rows) => Ok(Footer { metadata: inlined_rows::metadata(rows.num_rows())?, tail: Bytes::new() }),
            None => footer::read(storage, file, data_columns, &scan.footers).await,
        }
    };
    let deleted = async {
        match &file.deletes {
            Some(deletes) => Ok(Some(deletes::read(storage, deletes, name_ref).await?)),
            None => Ok(None),
        }
    };
    let (footer, mut deleted, by_files) = match try_join3(footer, deleted, delete_files::of(&scan, file)).await {
        Ok(read) => read,
        Err(error) => return Err(explain(error, &scan).await),
    };
    let called = details.and_then(|details| details.delete_name.as_deref()).unwrap_or(name_ref);
    for by_file in &by_files {
        if let Deleted::Positions(files) = &**by_file
            && let Some(rows) = files.get(called)
        {
            deleted = Some(DeletedRows::and(deleted, rows));
        }
    }
    let content = Content { schema: &snapshot.schema, metadata: &footer.metadata, rows: rows.as_ref(), name: name_ref };
    content.add_defaults(&mut known);
    let projection = scan_projection(&scan, &snapshot, &known, &content)?;
    let bounds = bounds(&scan, &known, &content)?;
    let keys = keys(by_files, &known, &content)?;
    let constants = constants(&scan, &known, &name)?;
    let mut leaves = projection.leaves.clone();
    leaves.extend(keys.iter().flat_map(|keys| &keys.projection.leaves));
    let size = file.size;
    let mut file = OpenFile {
        file: file.clone(),
        metadata: footer.metadata,
        held: vec![(size.saturating_sub(footer.tail.len() as u64), footer.tail)],
        scan,
        name,
        projection,
        bounds,
        deleted,
        keys,
        leaves,
        rows,
        constants,
    };
    let groups = bloom_filter::filter(&file, file.kept_groups()?).await?;
    file.hold_index(&groups).await?;
    let pruned = file.metadata.num_row_groups().saturating_sub(groups.len());
    file.scan.progress.file_opened(groups.len(), pruned, groups.iter().map(|group| group.bytes).sum());
    let (file, last) = (Arc::new(file), groups.last().map(|group| group.index));
    Ok(groups.into_iter().map(|kept| kept.row_group(&file, last)).collect())
}
