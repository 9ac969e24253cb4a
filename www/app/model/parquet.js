// A Parquet file of this machine as a table: with a log of one commit, written here, that has the file's columns.

/** @typedef {import('../../lakeglass/index.js').ResultField} ResultField */

/** A name that no resolver knows: what is asked of it has gone past `sign`, and fails. */
const NOWHERE = "https://file.invalid/";
const FIRST_COMMIT = "_delta_log/00000000000000000000.json";
/** What Delta has types for. */
const PRIMITIVES = /^(boolean|byte|short|integer|long|float|double|decimal\(\d+,\s*\d+\)|string|binary|date|timestamp|timestamp_ntz)$/;

/**
 * @param {File} file
 * @param {import('../../lakeglass/index.js').Lakeglass} lake
 * @returns {Promise<import('./folder.js').LocalTable>}
 */
export async function parquetTable(file, lake) {
  const data = URL.createObjectURL(file);
  const { schema } = await lake.query(`SELECT * FROM read_parquet('${data}') LIMIT 0`);
  const features = { readerFeatures: ["timestampNtz"], writerFeatures: ["timestampNtz"] };
  const log = URL.createObjectURL(
    new Blob(
      [
        { protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features } },
        {
          metaData: {
            id: crypto.randomUUID?.() ?? file.name,
            format: { provider: "parquet", options: {} },
            schemaString: JSON.stringify(structOf(schema)),
            partitionColumns: [],
            configuration: {},
          },
        },
        {
          add: {
            path: encodeURIComponent(file.name),
            partitionValues: {},
            size: file.size,
            modificationTime: file.lastModified,
            dataChange: true,
          },
        },
      ].map((action) => `${JSON.stringify(action)}\n`),
    ),
  );
  const urls = new Map([
    [FIRST_COMMIT, log],
    [file.name, data],
  ]);
  // A query keeps a URL out of the page's address and out of what is remembered: nobody else could open it.
  const name = encodeURIComponent(file.name.replace(/\.\w+$/, ""));
  return { url: `${NOWHERE}${name}?file`, sign: (path) => urls.get(path) ?? null };
}

/** @param {ResultField[]} fields @returns {any} */
function structOf(fields) {
  return { type: "struct", fields: fields.map((field) => ({ name: field.name, type: typeOf(field), nullable: true, metadata: {} })) };
}

/** A type as a Delta schema spells it. @param {ResultField} field @returns {any} */
function typeOf(field) {
  const { type, name, children } = field;
  if (PRIMITIVES.test(type)) return type;
  if (type.startsWith("struct<")) return structOf(children);
  if (type.startsWith("array<")) return { type: "array", elementType: typeOf(children[0]), containsNull: true };
  if (type.startsWith("map<"))
    return { type: "map", keyType: typeOf(children[0]), valueType: typeOf(children[1]), valueContainsNull: true };
  throw new TypeError(
    `The file’s column ${name} is of type ${type}, which no table has: query it with SELECT … FROM read_parquet('https://…').`,
  );
}
