// The tabs, in their order; the first is shown where the address names none.

import { dataTab } from "./data.js";
import { filesTab } from "./files.js";
import { historyTab } from "./history.js";
import { schemaTab } from "./schema.js";
import { sqlTab } from "./sql.js";

/** @type {readonly import("./tab.js").TabModule[]} */
export const TABS = [dataTab, schemaTab, historyTab, filesTab, sqlTab];
