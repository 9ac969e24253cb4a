// Table names in SQL text: the engine reads an unquoted name in lower case, and a quoted one as it stands.

/**
 * A name as SQL needs it written.
 * @param {string} name
 */
export function quoteName(name) {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/**
 * Whether a statement names a table, outside of strings and comments. It may say yes too often, which costs an open,
 * never a wrong answer.
 * @param {string} sql
 * @param {string} name
 */
export function mentions(sql, name) {
  const code = sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ").replace(/'(?:[^']|'')*'/g, "''");
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // After a dot stands a column, unless the schema is before it.
  return new RegExp(`(?<![\\w$]|(?<!\\bpublic)\\.\\s*"?)${escaped}(?![\\w$])`, "i").test(code);
}
